import type { View } from "@/lib/view";
import { MEASURES } from "@/modules/features/columns";
import type { Ranking } from "@/modules/features/InterpretPanel";

const MOST = 1000;

/** The table's question, from the address: which action, in which order, how many. */
export function rankingOf({ target, sort, top }: View): Ranking {
  return {
    target: target ?? 0,
    sort: MEASURES.find((each) => each.sort === sort)?.sort ?? "abs_weight",
    top: top === undefined ? 10 : Math.max(1, Math.min(MOST, top)),
  };
}
