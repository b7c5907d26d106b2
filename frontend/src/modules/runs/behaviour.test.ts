import { expect, test } from "vitest";

import type { Run, RunSummary } from "@/lib/types";

import { behaviourRows } from "./behaviour";
import { freshSeed } from "./levels";
import { seriesOf } from "./pairs";
import { survivalOf } from "./survival";

const info = (key: string) => ({ key, title: key, unit: "m", direction: "neutral" as const, formula: "f" });
const value = (key: string, mean: number | null) => ({
  key,
  n: 2,
  mean,
  sd: null,
  ci: null,
  values: [mean, null],
  reason: mean === null ? "too few strides" : null,
});
const difference = (key: string, q: number | null) => ({
  key,
  n: 8,
  mean_difference: q === null ? null : 1,
  ci: null,
  d_z: null,
  p_value: q,
  q_value: q,
  probability_of_increase: 1,
});
const behaviour: NonNullable<Run["behaviour"]> = {
  measures: [info("speed"), info("duty"), info("never")],
  arms: [
    { name: "baseline", measures: [value("speed", 4), value("duty", 0.5), value("never", null)] },
    { name: "plus", measures: [value("speed", 5), value("duty", null), value("never", null)] },
  ],
  comparisons: [
    { arm: "plus", versus: "baseline", measures: [difference("speed", 0.01), difference("duty", null)] },
  ],
};

test("a measure that is defined nowhere has no row; one that is undefined in an arm says why", () => {
  const rows = behaviourRows(behaviour, "plus");
  expect(rows.map((row) => [row.key, row.before, row.after, row.apart])).toEqual([
    ["speed", 4, 5, true],
    ["duty", 0.5, null, false],
  ]);
  expect(rows[1]?.reason).toBe("too few strides");
  expect(behaviourRows(behaviour, undefined).map((row) => row.after)).toEqual([null, null]);
});

const episode = (length: number, terminated: boolean) => ({
  seed: length,
  return: 1,
  length,
  fell: terminated,
  terminated,
  truncated: !terminated,
});
const arm = (name: string, ...episodes: ReturnType<typeof episode>[]) =>
  ({ name, edits: [], episodes, returns: {}, lengths: {} }) as unknown as Run["arms"][number];

test("survival falls where episodes end early, and ends at 1 where none does", () => {
  const arms = [
    arm("baseline", episode(10, false), episode(10, false)),
    arm("plus", episode(4, true), episode(10, false)),
  ];
  const { steps, shares } = survivalOf({ arms, max_steps: 10 });
  expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(shares[0]?.every((share) => share === 1)).toBe(true);
  expect(shares[1]).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
});

test("long runs are drawn with about a hundred points", () => {
  expect(survivalOf({ arms: [], max_steps: 1000 }).steps).toHaveLength(101);
});

test("return, length and every measure that has values can be paired", () => {
  const arms = [arm("baseline", episode(1, false)), arm("plus", episode(1, false))];
  const run = { arms, behaviour, seeds: [1] } as unknown as Run;
  expect(seriesOf(run).map((series) => series.key)).toEqual(["return", "length", "speed", "duty"]);
  expect(seriesOf(run)[2]?.values).toEqual([
    [4, null],
    [5, null],
  ]);
  expect(seriesOf({ ...run, behaviour: null })).toHaveLength(2);
});

test("a confirmation starts after every seed that was looked at, fresh seeds of studies included", () => {
  const run = (env: string, kind: RunSummary["kind"], seed: number, episodes: number) =>
    ({ env, kind, seed, episodes }) as RunSummary;
  expect(freshSeed([], "a")).toBe(0);
  expect(freshSeed([run("a", "comparison", 0, 16), run("b", "comparison", 500, 1)], "a")).toBe(16);
  expect(freshSeed([run("a", "scan", 0, 16)], "a")).toBe(216);
});
