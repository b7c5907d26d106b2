import { expect, test } from "vitest";

import type { ReportLine } from "@/lib/types";

import { lastingSentence, recoveredSentence, told } from "./sentence";

const line = (name: string, return_recovered: number | null, last = 1, interval: number[] | null = null) =>
  ({ name, title: name, return_recovered, interval, survival: [1, last] }) as ReportLine;

test("what the SAE keeps, beside the best of the others", () => {
  const sae = line("sae", 0.97, 1, [0.95, 0.99]);
  const baseline = line("baseline", 1);
  expect(recoveredSentence({ lines: [baseline, sae, line("pca", 0.9), line("mean", 0)] })).toBe(
    "Through the SAE the policy keeps 97.0\u00a0% of its return, 95\u00a0% interval [95.0\u00a0%, 99.0\u00a0%]; the best other replacement is pca, 90.0\u00a0%.",
  );
  expect(recoveredSentence({ lines: [sae, line("pca", 0.99)] })).toContain(
    "more is kept by pca, 99.0\u00a0%.",
  );
  expect(recoveredSentence({ lines: [baseline, sae] })).toContain("nothing else was measured");
  expect(recoveredSentence({ lines: [line("sae", null)] })).toContain("not defined");
});

test("how many episodes last", () => {
  const lines = [line("baseline", 1), line("sae", 1, 0.75), line("pca", 1, 0.5), line("neurons", 1, 1)];
  expect(lastingSentence({ lines, survival_steps: [0, 1000] })).toBe(
    "Still going at step 1000: 100\u00a0% as it is, 75\u00a0% through the SAE, less through 1 of 2 other replacements.",
  );
  expect(lastingSentence({ lines: [], survival_steps: [] })).toBe("No curve was measured.");
});

test("the sentence without the verdict that stands beside it", () => {
  const verdict = "usable with caution";
  expect(told({ verdict, sentence: "Usable with caution: acting through it loses 4 %." })).toBe(
    "Acting through it loses 4 %.",
  );
  expect(told({ verdict, sentence: "It cannot be measured." })).toBe("It cannot be measured.");
});
