import { describe, expect, it } from "vitest";

import type { Run } from "@/lib/types";

import type { Series } from "./pairs";
import { pairedSentence, survivalSentence } from "./sentence";

function given(before: number[], after: (number | null)[], ci: [number, number] | null) {
  const comparisons = [{ arm: "push", return: { ci }, length: { ci } }];
  const arms = [{ name: "baseline" }, { name: "push" }];
  const run = { arms, comparisons, behaviour: null, max_steps: 100 } as unknown as Run;
  const series: Series = { key: "return", title: "Return", unit: "", values: [before, after], means: [] };
  return { run, series };
}

const say = (...args: Parameters<typeof given>) => {
  const { run, series } = given(...args);
  return pairedSentence(run, series);
};
const many = (value: number) => Array.from({ length: 8 }, (_, seed) => value + seed);

describe("the paired chart says", () => {
  it("direction, how many pairs, size and interval", () => {
    expect(say(many(100), many(90), [-12, -8])).toBe(
      "push lowered it in 8 of 8 pairs: −10.0 on average, 95\u00a0% interval [−12.0, −8.0].",
    );
    expect(say(many(100), many(110), [8, 12])).toMatch(/^push raised it in 8 of 8 pairs: \+10\.0/);
  });

  it("honestly when the interval holds zero, or there are too few pairs", () => {
    expect(say(many(100), many(101), [-3, 5])).toBe(
      "push is not distinguishable from baseline: +1.00 on average, 95\u00a0% interval [−3.00, +5.00].",
    );
    expect(say([1, 2], [3, 4], null)).toContain("too few to conclude anything");
    expect(say(many(1), many(1), [0, 0])).toBe("push changed it in none of 8 pairs.");
    expect(say([1], [null], null)).toContain("no pair has this measure");
  });

  it("survival names the step by which half are over", () => {
    const { run } = given([], [], null);
    const curves = { steps: [0, 50, 100], shares: [[1, 1, 1], [1, 0.5, 0]] }; // prettier-ignore
    expect(survivalSentence(run, curves)).toBe(
      "Still going at step 100: baseline 100\u00a0%; push 0\u00a0%, half of them are over by step 50.",
    );
  });
});
