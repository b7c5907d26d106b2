// Survival from the episodes of a run: the step limit is the only censoring, and it is the same for all.
import type { Run } from "@/lib/types";

const POINTS = 100;

export interface Survivals {
  steps: number[];
  /** Per arm: share of episodes that have not ended early, at each of the steps. */
  shares: number[][];
}

export function survivalOf({ arms, max_steps }: Pick<Run, "arms" | "max_steps">): Survivals {
  const stride = Math.max(1, Math.ceil(max_steps / POINTS));
  const steps = Array.from({ length: Math.floor(max_steps / stride) + 1 }, (_, index) => index * stride);
  const shares = arms.map(({ episodes }) =>
    steps.map(
      (step) =>
        episodes.filter(({ terminated, length }) => !terminated || length > step).length /
        Math.max(1, episodes.length),
    ),
  );
  return { steps, shares };
}
