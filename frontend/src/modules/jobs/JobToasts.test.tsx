import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import type { Job } from "@/lib/types";
import { makeJob as job } from "@/testing/mock/jobs";
import { makeRun } from "@/testing/mock/run-handlers";
import { runKeys } from "@/modules/runs/api";
import { makeTestClient, makeWorld, renderWithTheme } from "@/testing/render";

import { JobToasts } from "./JobToasts";
import { newlyEnded } from "./use-ended";

const user = userEvent.setup();

/** A page that has seen one job under way, which then ends as given. */
async function end(ended: Job, isShown = false) {
  const world = makeWorld();
  const run = makeRun(
    { env: "Walker2d-v5", episodes: 16, seed: 0 },
    { id: "r_9", job_id: "j_1", model_id: "m_7" },
  );
  world.runs.set(run.id, run);
  world.jobs.set("j_0", job("j_0", "done"));
  world.jobs.set("j_1", job("j_1", "running"));
  const onOpen = vi.fn();
  const queries = makeTestClient();
  renderWithTheme(<JobToasts isShown={() => isShown} onOpen={onOpen} />, queries);
  await waitFor(() => expect(queries.getQueryData(runKeys.jobs)).toHaveLength(2));
  world.jobs.set("j_1", ended);
  await queries.invalidateQueries({ queryKey: runKeys.jobs });
  return onOpen;
}

test("what has ended is what was under way before; cancelling is no news", () => {
  const active = new Set(["a", "b", "c"]);
  expect(
    newlyEnded(active, [job("a", "done"), job("b", "cancelled"), job("c", "running"), job("d", "done")]),
  ).toEqual(["a"]);
  expect(newlyEnded(new Set(), [job("a", "done")])).toEqual([]);
});

test("a run that ends elsewhere leaves a card that leads to it", async () => {
  const onOpen = await end(job("j_1", "done", { finished_at: "2026-01-01T00:00:05Z" }));
  const open = await screen.findByRole("button", { name: /^Open the result: Run on Walker2d-v5/ });
  expect(screen.getAllByRole("article")).toHaveLength(1);
  await user.click(open);
  expect(onOpen).toHaveBeenCalledWith(expect.objectContaining({ id: "r_9", model_id: "m_7" }));
  expect(screen.queryByRole("article")).toBeNull();
});

test("a failure carries the server's sentence and can be closed", async () => {
  await end(job("j_1", "failed", { error: { code: "failed", message: "The simulator diverged." } }));
  expect(await screen.findByText("The simulator diverged.")).toBeVisible();
  await user.click(await screen.findByRole("button", { name: /^Close: Run/ }));
  expect(screen.queryByText("The simulator diverged.")).toBeNull();
});

test("no card for what the page shows already", async () => {
  await end(job("j_1", "done"), true);
  expect(screen.queryByRole("article")).toBeNull();
});
