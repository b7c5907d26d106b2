import { expect, test } from "vitest";

import type { Signal } from "../decode";

import { difference, largestOf, orderOf, pixels, rgbOf, type Scale } from "./units";

/** Rows are units. */
const signal = (...rows: number[][]): Signal => ({
  channels: rows.length,
  length: rows[0]?.length ?? 0,
  data: new Float32Array(rows.flat()),
});
const SCALE: Scale = { negative: [0, 0, 200], zero: [100, 100, 100], positive: [200, 0, 0], largest: 2 };

test("units are ordered by when they are strongest; those that never change come last", () => {
  const units = signal([0, 0, 0], [0, 1, 5], [3, 1, 0], [-4, -1, -3]);
  expect(orderOf(units, false)).toEqual([0, 1, 2, 3]);
  expect(orderOf(units, true)).toEqual([2, 3, 1, 0]);
});

test("the difference of two arms ends with the shorter one", () => {
  const found = difference(signal([1, 2, 3], [0, 0, 0]), signal([1, 1], [4, -4]));
  expect([found.length, found.channels, [...found.data]]).toEqual([2, 2, [0, 1, -4, 4]]);
});

test("colours run from one end over the ground to the other, and after the end there is nothing", () => {
  const image = pixels(signal([2, -2], [0, 9]), [1, 0], 3, SCALE);
  const pixel = (row: number, step: number) => [
    ...image.slice(4 * (3 * row + step), 4 * (3 * row + step) + 4),
  ];
  expect(pixel(0, 0)).toEqual([100, 100, 100, 255]);
  expect(pixel(0, 1)).toEqual([200, 0, 0, 255]); // beyond the scale: its end
  expect(pixel(1, 0)).toEqual([200, 0, 0, 255]);
  expect(pixel(1, 1)).toEqual([0, 0, 200, 255]);
  expect(pixel(1, 2)).toEqual([0, 0, 0, 0]);
});

test("scale and colours", () => {
  expect(largestOf([signal([1, -3]), signal([2, 0])])).toBe(3);
  expect(rgbOf(" #2f70cf")).toEqual([47, 112, 207]);
});
