// A run of many arms is read a few at a time: which, and what is left of the run then.
import type { Run } from "@/lib/types";

import { BASELINE } from "./arms";

/** With more arms than this the page asks which to show. */
export const MOST_SHOWN = 6;

export const hasMany = ({ arms }: Pick<Run, "arms">) => arms.length > MOST_SHOWN;

/** What is shown first: the arms that raise and lower the return the most. */
export function furthest({ comparisons }: Pick<Run, "comparisons">): string[] {
  const byReturn = comparisons
    .filter((each) => each.return.mean_difference !== null)
    .sort((a, b) => (a.return.mean_difference ?? 0) - (b.return.mean_difference ?? 0));
  return [...new Set([byReturn[0], byReturn.at(-1)].flatMap((each) => (each ? [each.arm] : [])))];
}

/** The run with its baseline and the chosen arms only, in the order in which it was run. */
export function withArms(run: Run, chosen: readonly string[]): Run {
  const kept = new Set([BASELINE, ...chosen]);
  const keep = ({ arm }: { arm: string }) => kept.has(arm);
  const { behaviour } = run;
  return {
    ...run,
    arms: run.arms.filter(({ name }) => kept.has(name)),
    comparisons: run.comparisons.filter(keep),
    behaviour: behaviour && {
      ...behaviour,
      arms: behaviour.arms.filter(({ name }) => kept.has(name)),
      comparisons: behaviour.comparisons.filter(keep),
    },
  };
}
