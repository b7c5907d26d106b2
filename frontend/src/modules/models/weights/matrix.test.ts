import { expect, test } from "vitest";

import { asMatrix, clampCell, moved } from "./matrix";

const stats = { mean: 0, std: 1, min: -4, max: 3 };
const weight = asMatrix({
  key: "net.0.weight",
  shape: [2, 3],
  values: [
    [1, 2, 3],
    [-4, 0, 2],
  ],
  edited: [[1, 2]],
  stats,
});
const bias = asMatrix({ key: "net.0.bias", shape: [3], values: [1, 2, 3], edited: [[0]], stats });

test("a weight as rows and columns", () => {
  expect([weight.rows, weight.columns, weight.largest, weight.isVector]).toEqual([2, 3, 4, false]);
  expect(weight.at({ row: 1, column: 0 })).toBe(-4);
  expect(weight.index({ row: 1, column: 0 })).toEqual([1, 0]);
  expect([weight.edited({ row: 1, column: 2 }), weight.edited({ row: 0, column: 2 })]).toEqual([true, false]);
});

test("a bias is one row, and its cells have one index", () => {
  expect([bias.rows, bias.columns, bias.isVector]).toEqual([1, 3, true]);
  expect(bias.index({ row: 0, column: 2 })).toEqual([2]);
  expect([bias.edited({ row: 0, column: 0 }), bias.edited({ row: 0, column: 1 })]).toEqual([true, false]);
});

test("no cell lies outside", () => {
  expect(clampCell(weight, { row: 9, column: -1 })).toEqual({ row: 1, column: 0 });
});

test("arrow keys move by one and stop at the edge; other keys do nothing", () => {
  const corner = { row: 0, column: 2 };
  expect(moved(weight, corner, "ArrowDown")).toEqual({ row: 1, column: 2 });
  expect(moved(weight, corner, "ArrowRight")).toEqual(corner);
  expect(moved(weight, corner, "a")).toBeNull();
});
