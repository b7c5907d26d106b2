import { expect, test } from "vitest";

import { newPart, partsText, pushed } from "./parts";

test("one feature: its share says nothing", () => {
  expect(pushed([{ ...newPart(0, 7), share: -3 }])).toEqual([{ feature_idx: 7, weight: 1 }]);
  expect(partsText(pushed([newPart(0, 7)]))).toBe("");
});

test("several are one direction, said as a sum", () => {
  const parts = pushed([
    { ...newPart(0, 3), share: -1 },
    { ...newPart(1, "17"), share: 0.5 },
    newPart(2, 120),
  ]);
  expect(parts).toEqual([
    { feature_idx: 3, weight: -1 },
    { feature_idx: 17, weight: 0.5 },
    { feature_idx: 120, weight: 1 },
  ]);
  expect(partsText(parts)).toBe("Pushed together: −w₃ + 0.5 w₁₇ + w₁₂₀. ");
});

test.each([[null], [""]])("a feature that is %j is missing", (feature) => {
  expect(pushed([newPart(0, 3), newPart(1, feature)])).toBeNull();
});

test("a share of nothing is missing", () => {
  expect(pushed([newPart(0, 3), { ...newPart(1, 4), share: 0 }])).toBeNull();
});
