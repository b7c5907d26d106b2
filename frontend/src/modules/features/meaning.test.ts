import { expect, test } from "vitest";

import { interpretation } from "@/testing/mock/features";

import { strengthSentence, timesUsual } from "./meaning";

const row = {
  ...interpretation(0, 1, "abs_weight").features[0]!,
  dead: false,
  density: 0.072,
  mean_active: 0.62,
};

test("a dose in units of the feature's usual strength, whatever its sign", () => {
  expect(timesUsual(1.24, row)).toBeCloseTo(2);
  expect(timesUsual(-1.24, row)).toBeCloseTo(2);
});

test("no usual strength, no multiple", () => {
  expect(timesUsual(1, { ...row, mean_active: null })).toBeNull();
  expect(timesUsual(1, { ...row, mean_active: 0 })).toBeNull();
  expect(strengthSentence(1, { ...row, mean_active: null })).toBeNull();
});

test("the sentence quotes measured numbers only", () => {
  expect(strengthSentence(5, row)).toBe(
    "Where it is active (7.2\u00a0% of states) its mean is 0.62, so this push is 8.1 times its usual strength, at every step.",
  );
  expect(strengthSentence(31, row)).toContain("50 times");
  expect(strengthSentence(5, { ...row, dead: true })).toContain("active in none of the cached states");
});
