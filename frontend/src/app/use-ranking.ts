import { useState } from "react";

import type { Ranking } from "@/modules/features/InterpretPanel";

/** The table's question: which action, in which order, how many. The action is part of the address. */
export function useRanking(target: number | undefined): [Ranking, (patch: Partial<Ranking>) => void] {
  const [order, setOrder] = useState<Omit<Ranking, "target">>({ sort: "abs_weight", top: 10 });
  const change = ({ sort, top }: Partial<Ranking>) =>
    setOrder((old) => ({ sort: sort ?? old.sort, top: top ?? old.top }));
  return [{ ...order, target: target ?? 0 }, change];
}
