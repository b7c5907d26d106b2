import { screen } from "@testing-library/react";
import { http } from "msw";
import { expect, test, vi } from "vitest";

import type { Run } from "@/lib/types";
import { fail } from "@/testing/mock/reply";
import { makeRun } from "@/testing/mock/run-handlers";
import { makeWorld, renderAt } from "@/testing/render";
import { server } from "@/testing/server";

import ComparePanel from "./ComparePanel";
import { RunHistory } from "./RunHistory";

const BODY = { env: "Walker2d-v5", episodes: 8, seed: 0 };
const done = (patch: Partial<Run> = {}) =>
  makeRun(BODY, { id: "r_1", job_id: "j_1", model_id: "m_1", state: "done", ...patch });

test("a run of the list that cannot be read is asked for once, not without end", async () => {
  makeWorld().runs.set("r_1", done());
  let asked = 0;
  server.use(
    http.get("*/run/:id", () => {
      asked++;
      return fail(500, "The disk is gone.");
    }),
  );
  renderAt("/", () => <ComparePanel modelId="m_1" runId="r_1" onRun={vi.fn()} />);
  expect(await screen.findByText("Runs of this model")).toBeVisible();
  const before = asked;
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(asked).toBe(before);
  expect(screen.getByRole("alert")).toHaveTextContent("The disk is gone.");
});

test("a run of many arms is told by their number, and not by one of them", async () => {
  const arms = Array.from({ length: 63 }, (_, index) => `arm ${String(index)}`);
  makeWorld().runs.set("r_1", done({ arm_names: ["baseline", ...arms] }));
  renderAt("/", () => <RunHistory modelId="m_1" chosen={undefined} onChoose={vi.fn()} />);
  expect(await screen.findByText("63 changed arms")).toBeVisible();
});
