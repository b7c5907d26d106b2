import { expect, test } from "vitest";

import type { Episode, RunArm } from "@/lib/types";

import { pairedDifference, seedRows, valuesOf } from "./pairs";

const episode = (seed: number, value: number | null): Episode => ({
  seed,
  return: value,
  length: 10 * seed,
  fell: false,
  terminated: false,
  truncated: true,
});
const arms = [
  { name: "baseline", episodes: [episode(2, 20), episode(0, 5), episode(1, null)] },
  { name: "intervention", episodes: [episode(0, 7), episode(2, 12), episode(1, 3), episode(10, 1)] },
] as RunArm[];

test("episodes are lined up by seed, in the order of numbers", () => {
  const rows = seedRows(arms);
  expect(rows.map((row) => row.seed)).toEqual([0, 1, 2, 10]);
  expect(rows.map((row) => row.episodes.map((each) => each?.return))).toEqual([
    [5, 7],
    [null, 3],
    [20, 12],
    [undefined, 1],
  ]);
});

test("a difference needs both episodes", () => {
  expect(seedRows(arms).map((row) => pairedDifference(row, 1))).toEqual([2, null, -8, null]);
});

test("values of a measure leave the undefined ones out", () => {
  expect(valuesOf(arms, "return")).toEqual([20, 5, 7, 12, 3, 1]);
  expect(valuesOf(arms.slice(0, 1), "length")).toEqual([20, 0, 10]);
});
