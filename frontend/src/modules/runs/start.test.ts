import { expect, test } from "vitest";

import { startText } from "./start";

test("a run that did not begin with the usual reset says so", () => {
  expect(startText({ kind: "reset", noise_scale: 1 })).toBe("");
  expect(startText({ kind: "reset", noise_scale: 10 })).toBe("reset noise × 10");
  expect(startText({ kind: "cached" })).toBe("started from states of the cached data");
  expect(startText({ kind: "run", run_id: "r_2", arm: "pushed", step: 100 })).toBe(
    "started from pushed of run r_2, step 100",
  );
});
