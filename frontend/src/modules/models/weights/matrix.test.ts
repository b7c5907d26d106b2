import { expect, test } from "vitest";

import { asMatrix, clampCell, moved, windowOf } from "./matrix";

const stats = { mean: 0, std: 1, min: -4, max: 3 };
const weight = asMatrix({
  key: "net.0.weight",
  shape: [2, 3],
  values: [
    [1, 2, 3],
    [-4, 0, 2],
  ],
  start: [0, 0],
  overview: null,
  edited: [[1, 2]],
  stats,
});
const bias = asMatrix({
  key: "net.0.bias",
  shape: [3],
  values: [1, 2, 3],
  start: [0],
  overview: null,
  edited: [[0]],
  stats,
});

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

test("a large parameter is read by windows, and cells outside are not known", () => {
  expect(windowOf([256, 256], { row: 200, column: 3 })).toBeNull();
  expect(windowOf([1024, 1024], { row: 700, column: 63 })).toEqual({ row: 640, column: 0, size: 64 });
  const part = asMatrix({
    key: "net.2.weight",
    shape: [1024, 1024],
    values: [[5, 6]],
    start: [640, 64],
    overview: null,
    edited: [[640, 65]],
    stats,
  });
  expect([part.rows, part.columns]).toEqual([1024, 1024]);
  expect(part.window).toEqual({ row: 640, column: 64, rows: 1, columns: 2 });
  expect(part.at({ row: 640, column: 65 })).toBe(6);
  expect(part.at({ row: 0, column: 0 })).toBeNaN();
  expect(part.edited({ row: 640, column: 65 })).toBe(true);
  expect(moved(part, { row: 640, column: 127 }, "ArrowRight")).toEqual({ row: 640, column: 128 });
});
