import { expect, test } from "vitest";

import { interpretation } from "@/testing/mock/features";

import { barValue, MEASURES, scaleOf } from "./columns";

const [first, second] = interpretation(0, 2, "abs_weight").features;
const rows = [
  { ...first!, weight: -0.8, density: 0.2, ablation_effect: 0.4, ablation_mean: -0.1 },
  { ...second!, weight: 0.3, density: 0.9, ablation_effect: 0.2, ablation_mean: 0.1 },
];
const measure = (sort: string) => MEASURES.find((each) => each.sort === sort)!;

test("columns as they are written", () => {
  expect(MEASURES.map((each) => each.text(rows[0]![each.field]))).toEqual([
    "−0.800",
    expect.stringMatching(/^[+−]?\d\.\d\d$/),
    expect.stringMatching(/^\d\.\d{3}$/),
    "20.0\u00a0%",
    "0.400",
  ]);
});

test("a bar takes its sign from the number, or from where the number keeps it", () => {
  expect(barValue(rows[0]!, measure("abs_weight"))).toBe(-0.8);
  expect(rows.map((row) => barValue(row, measure("ablation_effect")))).toEqual([-0.4, 0.2]);
  expect(barValue({ ...rows[0]!, ablation_effect: null }, measure("ablation_effect"))).toBeNull();
});

test("bars of a column share one scale; density is a share of all states", () => {
  expect(scaleOf(rows, measure("abs_weight"))).toBe(0.8);
  expect(scaleOf(rows, measure("density"))).toBe(1);
  expect(scaleOf([], measure("abs_weight"))).toBeGreaterThan(0);
});
