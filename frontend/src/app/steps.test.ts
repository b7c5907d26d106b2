import { expect, test } from "vitest";

import { STEPS, stepState } from "./steps";

const fresh = { uploaded: false, loaded: false, perturbed: false, ran: false };
const states = (progress: typeof fresh) => STEPS.map(({ id }) => stepState(id, progress));

test("exactly one step is next until all are done", () => {
  expect(states(fresh)).toEqual(["next", "later", "later", "later", "later", "later"]);
  expect(states({ ...fresh, uploaded: true })).toEqual(["done", "next", "later", "later", "later", "later"]);
  expect(states({ ...fresh, uploaded: true, loaded: true })).toEqual([
    "done",
    "done",
    "done",
    "next",
    "later",
    "later",
  ]);
  expect(states({ uploaded: true, loaded: true, perturbed: true, ran: true })).toEqual(Array(6).fill("done"));
});
