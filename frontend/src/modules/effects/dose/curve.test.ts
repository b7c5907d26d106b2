import { expect, test } from "vitest";

import { RECORDED } from "@/testing/mock/effects-handlers";

import { band, controlLines, extent, largestDose, means, mirrored, nearest, randomBand } from "./curve";

const curve = RECORDED.dose_response;

test("the mean passes through the origin, where nothing is changed", () => {
  const dots = means(curve.points);
  expect(dots.map((dot) => dot.dose)).toEqual([...dots.map((dot) => dot.dose)].sort((a, b) => a - b));
  expect(dots.find((dot) => dot.dose === 0)).toEqual({ dose: 0, value: 0 });
  expect(dots).toHaveLength(curve.points.length + 1);
});

test("doses without a value are left out, not drawn at zero", () => {
  const [first, ...rest] = curve.points;
  expect(means([{ ...first!, mean_difference: null }, ...rest])).toHaveLength(curve.points.length);
  expect(band([{ ...first!, band: null }])).toEqual([]);
  expect(randomBand(curve.points.map((point) => ({ ...point, random: null })))).toEqual([]);
});

test("the mirrored curve is the other sign turned over", () => {
  expect(
    mirrored([
      { dose: -0.1, value: 2 },
      { dose: 0, value: 0 },
      { dose: 0.1, value: 3 },
    ]),
  ).toEqual([
    { dose: -0.1, value: -3 },
    { dose: 0, value: 0 },
    { dose: 0.1, value: -2 },
  ]);
});

test("every control has a line and a dash of its own, and the sign flip comes last", () => {
  const lines = controlLines(curve);
  expect(lines.map((line) => line.key)).toEqual([...curve.controls.map((each) => each.name), "flip"]);
  expect(new Set(lines.map((line) => line.dash)).size).toBe(lines.length);
});

test("the axis holds the feature and the random band, and always zero", () => {
  const [low, high] = extent(curve.points);
  for (const { low: bottom, high: top } of [...band(curve.points), ...randomBand(curve.points)]) {
    expect(low).toBeLessThan(bottom);
    expect(high).toBeGreaterThan(top);
  }
  expect(extent([])).toEqual([-1, 1]);
  expect(largestDose(curve.points)).toBeCloseTo(0.15, 3);
});

test("the nearest dose to a pointer", () => {
  expect(curve.points[nearest(curve.points, 0.06)]?.dose).toBeCloseTo(0.05, 3);
  expect(nearest(curve.points, -9)).toBe(0);
});
