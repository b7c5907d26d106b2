import { expect, test } from "vitest";

import { liveSentence, sweepSentence, meanText, returnText } from "./sentence";
import type { SweepPoint } from "./sweep";

test("how the arms stand now", () => {
  const lines = [
    { name: "baseline", values: [100, 1, 3] },
    { name: "steered", values: [100, 2, 6] },
  ];
  expect(liveSentence(lines, 1)).toBe("Now baseline 3 (mean 2), steered 6 (mean 4).");
  expect(liveSentence([{ name: "baseline", values: [] }], 0)).toBe("No step yet.");
});

test("which dose of a preview pays most", () => {
  const point = (factor: number, mean: number, falls: number): SweepPoint => ({
    factor,
    returns: [mean - 1, mean + 1],
    lengths: [],
    falls,
  });
  const zero = point(0, 100, 0);
  expect(sweepSentence([point(-1, 50, 2), zero, point(1, 130, 0)], 2, 2)).toBe(
    "Highest mean return at 2.00: +30 beside no dose, over 2 starts and without an interval; 1 dose fell more often than none.",
  );
  expect(sweepSentence([zero, point(1, 90, 0)], 2, 2)).toBe(
    "No dose pays more than none, 100 on average, over 2 starts and without an interval; no dose fell more often.",
  );
  expect(sweepSentence([point(1, 90, 0)], 0.5, 1)).toBe("Highest mean return at 0.50: 90 over 1 start.");
  expect(sweepSentence([], 1, 2)).toBe("No dose has been played yet.");
});

test("returns below one keep their digits", () => {
  expect([returnText(2288.46), returnText(0), returnText(-0.0242)]).toEqual(["2,288.5", "0.0", "−0.0242"]);
  expect([meanText(5317.6), meanText(0), meanText(-0.0242)]).toEqual(["5,318", "0", "−0.0242"]);
});
