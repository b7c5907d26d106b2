import { expect, test } from "vitest";

import type { Job, RunSummary } from "@/lib/types";

import { showsJob, viewOfRun } from "./ended";

const job = (kind: string, run_id?: string) =>
  ({ id: "j", kind, result: run_id === undefined ? {} : { run_id } }) as unknown as Job;
const run = (kind: string) => ({ id: "r_1", kind, model_id: "m" }) as unknown as RunSummary;

test("a run is shown by the address that names it, on the page of its kind", () => {
  expect(showsJob({ model: "m", run: "r_1" }, job("run", "r_1"), undefined)).toBe(true);
  expect(showsJob({ model: "m", run: "r_2" }, job("run", "r_1"), undefined)).toBe(false);
  expect(showsJob({ screen: "effects", study: "r_1" }, job("scan"), run("scan"))).toBe(true);
  expect(showsJob({ screen: "effects", run: "r_1" }, job("run", "r_1"), undefined)).toBe(false);
  expect(showsJob({}, job("run", "r_1"), undefined)).toBe(false);
});

test("work without a run belongs to a page", () => {
  expect(showsJob({ screen: "features" }, job("analysis"), undefined)).toBe(true);
  expect(showsJob({ screen: "sae" }, job("analysis"), undefined)).toBe(false);
  expect(showsJob({ screen: "train" }, job("sweep"), undefined)).toBe(true);
  expect(showsJob({}, job("report"), undefined)).toBe(false);
});

test("a comparison is read on the workbench, a study among the effects", () => {
  expect(viewOfRun(run("comparison"))).toEqual({ run: "r_1" });
  expect(viewOfRun(run("calibration"))).toEqual({ study: "r_1", screen: "effects" });
});
