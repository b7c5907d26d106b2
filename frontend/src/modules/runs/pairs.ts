// Lines up the arms of a run by seed: what the paired chart, the table and the differences are drawn from.
import type { Episode, RunArm } from "@/lib/types";

export type Measure = "return" | "length";

export interface SeedRow {
  seed: number;
  /** One episode per arm, in the order of the run's arms; undefined where an arm lacks the seed. */
  episodes: (Episode | undefined)[];
}

export function seedRows(arms: readonly RunArm[]): SeedRow[] {
  const bySeed = arms.map((arm) => new Map(arm.episodes.map((episode) => [episode.seed, episode])));
  const seeds = [...new Set(arms.flatMap((arm) => arm.episodes.map((episode) => episode.seed)))].sort(
    (a, b) => a - b,
  );
  return seeds.map((seed) => ({ seed, episodes: bySeed.map((episodes) => episodes.get(seed)) }));
}

export function valuesOf(arms: readonly RunArm[], measure: Measure): number[] {
  return arms.flatMap((arm) => arm.episodes.flatMap((episode) => episode[measure] ?? []));
}

export function pairedDifference(row: SeedRow, arm: number): number | null {
  const [before, after] = [row.episodes[0], row.episodes[arm]];
  if (
    before?.return === null ||
    before?.return === undefined ||
    after?.return === null ||
    after?.return === undefined
  )
    return null;
  return after.return - before.return;
}
