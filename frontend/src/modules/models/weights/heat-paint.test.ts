import { expect, test } from "vitest";

import { watchedCanvas } from "@/testing/canvas";

import { gridSize, paintCells, paintOverview } from "./heat-paint";
import type { Matrix } from "./matrix";

const VALUES = [
  [1, -2],
  [0, 2],
];
const matrix = (patch: Partial<Matrix> = {}) =>
  ({
    rows: 2,
    columns: 2,
    largest: 2,
    window: { row: 0, column: 0, rows: 2, columns: 2 },
    at: ({ row, column }: { row: number; column: number }) => VALUES[row]?.[column] ?? 0,
    edited: ({ row, column }: { row: number; column: number }) => row === 1 && column === 0,
    ...patch,
  }) as unknown as Matrix;

test("cells are square, never larger than 22 pixels, and a vector is one low line", () => {
  expect(gridSize({ rows: 32, columns: 17 }, 800)).toEqual({ width: 17 * 9.375, height: 300 });
  expect(gridSize({ rows: 4, columns: 4 }, 800)).toEqual({ width: 88, height: 88 });
  expect(gridSize({ rows: 1, columns: 64 }, 800, true)).toEqual({ width: 800, height: 34 });
  expect(gridSize({ rows: 2000, columns: 2000 }, 800).width).toBe(2000);
});

test("a cell is as strong as its weight, an edited one has a dot, the chosen one a frame", () => {
  const { canvas, calls } = watchedCanvas();
  paintCells(canvas, matrix(), { row: 1, column: 1 }, { width: 40, height: 40 });
  const [, one, two, zero, dot, last] = calls("fillRect");
  expect([one?.alpha, two?.alpha, zero?.alpha, last?.alpha]).toEqual([0.5 ** 0.7, 1, 0, 1]);
  expect(dot?.given).toEqual([8.5, 28.5, 3, 3]);
  expect(calls("strokeRect")[0]?.given).toEqual([20.25, 20.25, 18.5, 18.5]);
});

test("the overview frames the window, and a matrix of zeros stays empty", () => {
  const { canvas, calls } = watchedCanvas();
  const large = matrix({ rows: 100, columns: 50, largest: 0, window: { row: 20, column: 10, rows: 10, columns: 5 } }); // prettier-ignore
  paintOverview(canvas, [[1, null]], large, { width: 100, height: 200 });
  expect(calls("fillRect").slice(1).map(({ alpha }) => alpha)).toEqual([0, 0]); // prettier-ignore
  expect(calls("strokeRect")[0]?.given).toEqual([20.75, 40.75, 8.5, 18.5]);
});
