import { expect, test } from "vitest";

import type { Run } from "@/lib/types";

import { furthest, hasMany, withArms } from "./pick-arms";

const names = ["baseline", "up", "down", "flat", "a", "b", "c"];
const differences: Record<string, number | null> = { up: 40, down: -90, flat: 0.1, a: null, b: 3, c: -2 };
const run = {
  id: "r",
  arms: names.map((name) => ({ name, edits: [] })),
  comparisons: names.slice(1).map((arm) => ({ arm, return: { mean_difference: differences[arm] } })),
  behaviour: {
    measures: [],
    arms: names.map((name) => ({ name, measures: [] })),
    comparisons: names.slice(1).map((arm) => ({ arm, measures: [] })),
  },
} as unknown as Run;

test("the page asks which arms to show only when there are many", () => {
  expect(hasMany(run)).toBe(true);
  expect(hasMany({ arms: run.arms.slice(0, 6) })).toBe(false);
});

test("shown first: what lowers and what raises the return the most", () => {
  expect(furthest(run)).toEqual(["down", "up"]);
  expect(furthest({ comparisons: run.comparisons.slice(3, 4) })).toEqual([]);
  expect(furthest({ comparisons: run.comparisons.slice(0, 1) })).toEqual(["up"]);
});

test("the baseline stays, in the run's own order, in every part", () => {
  const shown = withArms(run, ["c", "down"]);
  expect(shown.arms.map(({ name }) => name)).toEqual(["baseline", "down", "c"]);
  expect(shown.comparisons.map(({ arm }) => arm)).toEqual(["down", "c"]);
  expect(shown.behaviour?.arms.map(({ name }) => name)).toEqual(["baseline", "down", "c"]);
  expect(shown.behaviour?.comparisons.map(({ arm }) => arm)).toEqual(["down", "c"]);
  expect(withArms({ ...run, behaviour: null }, []).behaviour).toBeNull();
});
