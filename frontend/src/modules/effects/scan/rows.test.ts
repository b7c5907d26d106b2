import { expect, test } from "vitest";

import type { Scan, ScanRow } from "@/lib/types";

import { fate, isCandidate, sortRows } from "./rows";

const row = (feature_idx: number, q_value: number | null, mean_difference: number | null, more = {}) =>
  ({
    feature_idx,
    q_value,
    mean_difference,
    dose: 0.05,
    offline_rank: feature_idx,
    fall_rate: 0,
    ...more,
  }) as ScanRow;
const ROWS = [row(1, 0.2, 1), row(2, null, null), row(3, 0.01, -2), row(4, 0.01, 3, { fall_rate: 0.5 })];
const order = (sort: Parameters<typeof sortRows>[1]) => sortRows(ROWS, sort).map((each) => each.feature_idx);

test("best first, what was not tested last, equal ones by the size of their effect", () => {
  expect(order("q_value")).toEqual([4, 3, 1, 2]);
  expect(order("effect")).toEqual([4, 3, 1, 2]);
  expect(order("offline_rank")).toEqual([1, 2, 3, 4]);
  expect(order("fall_rate")).toEqual([4, 3, 1, 2]);
  expect(ROWS.map((each) => each.feature_idx)).toEqual([1, 2, 3, 4]);
});

test("a push is a candidate below the level only, and its fate is that of the same sign on fresh seeds", () => {
  expect(ROWS.map(isCandidate)).toEqual([false, false, true, true]);
  const scan = {
    confirmations: [
      { feature_idx: 3, dose: -0.05, confirmed: true },
      { feature_idx: 4, dose: 0.05, confirmed: false },
    ],
  } as Scan;
  expect(ROWS.map((each) => fate(each, scan))).toEqual([null, null, "candidate", "not confirmed"]);
  expect(fate(row(3, 0.01, -2, { dose: -0.05 }), scan)).toBe("confirmed");
});
