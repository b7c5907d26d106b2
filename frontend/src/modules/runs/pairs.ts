// Lines up the arms of a run by seed: what the paired chart, the table and the differences are drawn from.
import { pair, type Episode, type Interval, type Run, type RunArm } from "@/lib/types";

/** What the paired chart shows: two of every episode's own numbers, or any behaviour measure by its key. */
export interface Series {
  key: string;
  title: string;
  unit: string;
  /** Per arm, in the order of the seeds. */
  values: (number | null)[][];
  /** Per arm. */
  means: { mean: number | null; ci: Interval | null }[];
}

type Own = "return" | "length";

function ownSeries(run: Run, key: Own, title: string, unit: string): Series {
  const rows = seedRows(run.arms);
  return {
    key,
    title,
    unit,
    values: run.arms.map((_, arm) => rows.map((row) => row.episodes[arm]?.[key] ?? null)),
    means: run.arms.map(({ returns, lengths }) => {
      const { mean, ci } = key === "return" ? returns : lengths;
      return { mean, ci: pair(ci) };
    }),
  };
}

/** Everything that can be paired by seed: return and length, then the behaviour measures. */
export function seriesOf(run: Run): Series[] {
  const own = [
    ownSeries(run, "return", "Return per episode", ""),
    ownSeries(run, "length", "Episode length", "steps"),
  ];
  const { behaviour } = run;
  if (!behaviour) return own;
  const measured = behaviour.measures
    .filter(({ key }) => key !== "return" && key !== "length")
    .map(({ key, title, unit }) => {
      const found = behaviour.arms.map((arm) => arm.measures.find((each) => each.key === key));
      return {
        key,
        title,
        unit,
        values: found.map((each) => each?.values ?? []),
        means: found.map((each) => ({ mean: each?.mean ?? null, ci: pair(each?.ci ?? null) })),
      };
    });
  return [...own, ...measured.filter(({ values }) => values.flat().some((value) => value !== null))];
}

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

export function valuesOf(arms: readonly RunArm[], measure: Own): number[] {
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
