// How many seeds a run of each level has, and which seeds nobody has looked at yet.
import type { RunSummary } from "@/lib/types";

export const INFERENTIAL = 6; // below, a sign-flip test cannot reach p < 0.05

export const LEVELS = [
  { key: "preview", label: "Preview", seeds: 4, note: "not inferential" },
  { key: "compare", label: "Compare", seeds: 16, note: "worth quoting" },
  { key: "confirm", label: "Confirm", seeds: 32, note: "fresh seeds" },
] as const;

export type Level = (typeof LEVELS)[number];

/** The first seed that no run of this model in this environment has played, fresh ones of its studies included. */
export function freshSeed(runs: readonly RunSummary[], env: string | null): number {
  const used = runs
    .filter((run) => run.env === env)
    .map((run) => run.seed + run.episodes + (run.kind === "comparison" ? 0 : MOST_FRESH));
  return Math.max(0, ...used);
}

const MOST_FRESH = 200; // a study confirms on at most so many seeds after its own
