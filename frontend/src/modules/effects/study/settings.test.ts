import { expect, test } from "vitest";

import type { RunSummary } from "@/lib/types";

import { calibrationEpisodes, doseResponseEpisodes, parseSizes, scanEpisodes, sizeText } from "./settings";
import { chosenStudy } from "./use-study";

test("episodes before a start: arms of the server times seeds", () => {
  expect(doseResponseEpisodes(5, 20, 16)).toBe(141 * 16);
  expect(scanEpisodes(128, 16, 5, 32)).toBe(257 * 16 + 26 * 32);
  expect(calibrationEpisodes(8, 20)).toBe(37 * 8 + 26 * 20);
});

test("its size in words, with a warning where nothing can be significant", () => {
  expect(sizeText(2256, 16, 1000)).toBe("2,256 episodes of at most 1,000 steps.");
  expect(sizeText(40, 5, undefined, true)).toMatch(/^At most 40 episodes\. A preview: nothing/);
});

test.each([
  ["0.1, 0.05 0.1", [0.05, 0.1]],
  ["", null],
  ["0.1, x", null],
  ["0", null],
  ["1.2", null],
  [Array.from({ length: 13 }, (_, i) => (i + 1) / 100).join(","), null],
])("sizes typed as %j", (text, sizes) => expect(parseSizes(text)).toEqual(sizes));

test("the study in the address is shown when it is of the chosen kind, else the newest finished one", () => {
  const run = (id: string, kind: RunSummary["kind"], state: RunSummary["state"]) =>
    ({ id, kind, state }) as RunSummary;
  const runs = [
    run("r_4", "scan", "running"),
    run("r_3", "scan", "done"),
    run("r_2", "dose_response", "failed"),
    run("r_1", "comparison", "done"),
  ];
  expect(chosenStudy(runs, "scan", "r_4")).toBe("r_4");
  expect(chosenStudy(runs, "scan", "r_2")).toBe("r_3");
  expect(chosenStudy(runs, "dose_response", "r_2")).toBe("r_2");
  expect(chosenStudy(runs, "dose_response", undefined)).toBeUndefined();
  expect(chosenStudy(undefined, "scan", "r_1")).toBeUndefined();
});
