import { expect, test } from "vitest";

import { finishRun } from "@/testing/mock/runs";
import { makeRun } from "@/testing/mock/run-handlers";

import { MEASURE_ROWS } from "./measures";

const run = finishRun(makeRun({ env: "Walker2d-v5", episodes: 8, seed: 0 }), { feature_idx: 42, alpha: 3 });
const [baseline] = run.arms;
const [comparison] = run.comparisons;
const row = (label: string) => MEASURE_ROWS.find((each) => each.label === label)!;

test("each row shows its own field of an arm", () => {
  expect(row("Mean return").value(baseline!)).toBe(baseline!.returns.mean);
  expect(row("IQM of returns").value(baseline!)).toBe(baseline!.returns.iqm);
  expect(row("Episode length").value(baseline!)).toBe(baseline!.lengths.mean);
  expect(row("Median return").value(baseline!)).toBe(baseline!.returns.median);
});

test("differences come from the comparison, with their own intervals", () => {
  const { return: r, length } = comparison!;
  expect(row("Mean return").difference!(comparison!)).toEqual({ value: r.mean_difference, ci: r.ci });
  expect(row("IQM of returns").difference!(comparison!)).toEqual({ value: r.iqm_difference, ci: r.iqm_ci });
  expect(row("Episode length").difference!(comparison!)).toEqual({
    value: length.mean_difference,
    ci: length.ci,
  });
  expect(row("Median return").difference).toBeUndefined();
});

test("an interval with an open end is no interval", () => {
  const broken = { ...comparison!, return: { ...comparison!.return, ci: [null, 4] as [null, number] } };
  expect(row("Mean return").difference!(broken).ci).toBeNull();
});
