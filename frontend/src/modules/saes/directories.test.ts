import { expect, test } from "vitest";

import { makeModel } from "@/testing/mock/models";
import { DIRECTORIES } from "@/testing/mock/world";

import { bestDirectory, directoryNote, isUsable } from "./directories";

const [stable, walker, shifted, halfDone] = DIRECTORIES as [
  (typeof DIRECTORIES)[0],
  (typeof DIRECTORIES)[0],
  (typeof DIRECTORIES)[0],
  (typeof DIRECTORIES)[0],
];
const modelWith = (metadata: Record<string, unknown>) =>
  makeModel("m", "walker", [17, 32, 32, 6], { metadata }).model;

test("usable means complete and not known to misfit", () => {
  expect(DIRECTORIES.map(isUsable)).toEqual([false, true, true, false]);
  expect(isUsable({ ...walker, fits: null })).toBe(true);
});

test("the directory of the policy's own environment and tap is offered first", () => {
  expect(bestDirectory([shifted, walker], modelWith({ env: "Walker2d-v5", tap_index: 3 }))).toBe(walker);
  expect(bestDirectory([{ ...shifted, env: "Hopper-v5" }, walker], modelWith({ env: "Walker2d-v5" }))).toBe(
    walker,
  );
});

test("without a record the first usable one, or none", () => {
  expect(bestDirectory(DIRECTORIES, modelWith({}))).toBe(walker);
  expect(bestDirectory([stable, halfDone], modelWith({ env: "hard_stable" }))).toBeUndefined();
});

test("a directory says what it holds, or why it cannot be used", () => {
  expect(directoryNote(walker)).toBe("128 features of 32 units, k 16, tap 3, Walker2d-v5");
  expect(directoryNote(stable)).toBe("its cached observations are 6 wide, this policy takes 17");
  expect(directoryNote(halfDone)).toBe("missing walker_sae.pt");
});
