import { expect, test } from "vitest";

import { RESET, startRequest, startText } from "./start";

test("what is sent says only what was chosen", () => {
  expect(startRequest(RESET)).toEqual({});
  expect(startRequest({ ...RESET, kind: "noise", scale: 5 })).toEqual({
    start: { kind: "reset", noise_scale: 5 },
  });
  expect(startRequest({ ...RESET, kind: "cached" })).toEqual({ start: { kind: "cached" } });
  const run = { ...RESET, kind: "run" as const, run: "r_1" };
  expect(startRequest(run)).toEqual({ start: { kind: "run", run_id: "r_1" } });
  expect(startRequest({ ...run, step: 40 })).toEqual({ start: { kind: "run", run_id: "r_1", step: 40 } });
});

test("a run that did not begin with the usual reset says so", () => {
  expect(startText({ kind: "reset", noise_scale: 1 })).toBe("");
  expect(startText({ kind: "reset", noise_scale: 10 })).toBe("reset noise × 10");
  expect(startText({ kind: "cached" })).toBe("started from states of the cached data");
  expect(startText({ kind: "run", run_id: "r_2", arm: "pushed", step: 100 })).toBe(
    "started from pushed of run r_2, step 100",
  );
});
