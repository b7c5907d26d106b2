import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http } from "msw";
import { expect, test, vi } from "vitest";

import type { Job } from "@/lib/types";
import { makeJob as job } from "@/testing/mock/jobs";
import { fail } from "@/testing/mock/reply";
import { makeRun } from "@/testing/mock/run-handlers";
import { makeWorld, renderWithTheme } from "@/testing/render";
import { server } from "@/testing/server";

import { JobTray } from "./JobTray";
import { jobAmount, jobEnd, jobTitle, trayWord } from "./words";

const user = userEvent.setup();

function open(...jobs: Job[]) {
  const world = makeWorld();
  jobs.forEach((each) => world.jobs.set(each.id, each));
  const run = makeRun(
    { env: "Walker2d-v5", episodes: 16, seed: 0 },
    { id: "r_9", job_id: "j_1", model_id: "m_7" },
  );
  world.runs.set(run.id, run);
  const onOpen = vi.fn();
  renderWithTheme(<JobTray onOpen={onOpen} />);
  return { world, onOpen };
}

test("empty: says what will appear", async () => {
  open();
  await user.click(await screen.findByRole("button", { name: "Jobs" }));
  expect(await screen.findByText(/No jobs yet/)).toBeVisible();
});

test.each(["{Escape}", "{Control>}k{/Control}"])(
  "%s closes it, though the focus is on its button",
  async (keys) => {
    open();
    await user.click(await screen.findByRole("button", { name: "Jobs" }));
    expect(await screen.findByText(/No jobs yet/)).toBeVisible();
    await user.keyboard(keys);
    await waitFor(() => expect(screen.queryByText(/No jobs yet/)).toBeNull());
  },
);

test("error: the server's sentence, and trying again works", async () => {
  makeWorld();
  server.use(http.get("*/jobs", () => fail(503, "The database is locked.")));
  renderWithTheme(<JobTray onOpen={vi.fn()} />);
  await user.click(screen.getByRole("button", { name: "Jobs" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("The database is locked.");
});

test("under way above recent; the button counts; a job leads to its run", async () => {
  const { onOpen } = open(
    job("j_3", "failed", { error: { code: "failed", message: "The simulator diverged." } }),
    job("j_2", "queued"),
    job("j_1", "running"),
  );
  await user.click(await screen.findByRole("button", { name: "Jobs: 1 running, 1 queued" }));
  const underWay = within((await screen.findByText("Under way")).parentElement!);
  expect(underWay.getAllByRole("listitem")).toHaveLength(2);
  expect(underWay.getByText("5 of 20 steps")).toBeVisible();
  expect(underWay.getByText("waiting for its turn")).toBeVisible();
  const recent = within(screen.getByText("Recent").parentElement!);
  expect(recent.getByText("The simulator diverged.")).toBeVisible();
  await user.click(await underWay.findByRole("button", { name: "Open: Run on Walker2d-v5, 16 seeds" }));
  expect(onOpen).toHaveBeenCalledWith(expect.objectContaining({ id: "r_9", model_id: "m_7" }));
  await waitFor(() => expect(screen.queryByText("Under way")).toBeNull());
});

test("cancel", async () => {
  const { world } = open(job("j_1", "running"));
  await user.click(await screen.findByRole("button", { name: "Jobs: 1 running" }));
  await user.click(await screen.findByRole("button", { name: /^Cancel: Run/ }));
  await waitFor(() => expect(world.jobs.get("j_1")!.state).toBe("cancelled"));
  expect(await screen.findByText("cancelled")).toBeVisible();
  expect(await screen.findByRole("button", { name: "Jobs" })).toBeVisible();
});

test("retry: for what ended without a result, and only that", async () => {
  const { world } = open(job("j_2", "done"), job("j_1", "interrupted"));
  await user.click(await screen.findByRole("button", { name: "Jobs" }));
  const retry = await screen.findByRole("button", { name: /^Retry: Run/ });
  await user.click(retry);
  await waitFor(() => expect(world.jobs.get("j_1")!.state).toBe("queued"));
  expect(await screen.findByText("waiting for its turn")).toBeVisible();
  expect(screen.queryByRole("button", { name: /^Retry/ })).toBeNull();
});

test("retry refused: the server's sentence", async () => {
  open(job("j_1", "failed"));
  server.use(http.post("*/job/:id/retry", () => fail(429, "4 jobs are waiting already.")));
  await user.click(await screen.findByRole("button", { name: "Jobs" }));
  await user.click(await screen.findByRole("button", { name: /^Retry/ }));
  expect(await screen.findByText("4 jobs are waiting already.")).toBeVisible();
});

test("time left is the server's; before that, what it expects", async () => {
  const progress = { done: 5, total: 20, unit: "steps", message: "", metrics: {} };
  open(
    job("j_2", "queued", { estimate_s: 90 }),
    job("j_1", "running", { started_at: "2020-01-01T00:00:00Z", progress: { ...progress, eta_s: 30 } }),
  );
  await user.click(await screen.findByRole("button", { name: /^Jobs/ }));
  expect(await screen.findByText(/^5 of 20 steps, 30 s left$/)).toBeVisible();
  expect(screen.getByText(/^waiting for its turn, expected to take/)).toBeVisible();
});

test("thousandths of the work are shown as percent", () => {
  const progress = { done: 336, total: 1000, unit: "‰", message: "", metrics: {}, eta_s: 40 };
  expect(jobAmount(job("j", "running", { progress }))).toBe("33\u00a0%, 40\u00a0s left");
});

test("words", () => {
  const now = Date.parse("2026-01-01T00:10:00Z");
  expect(jobTitle(job("j", "done", { kind: "sae_training" }), undefined)).toBe("SAE training");
  expect(jobEnd(job("j", "done", { finished_at: "2026-01-01T00:05:00Z" }), now)).toBe("done, 5\u00a0min ago");
  expect(trayWord([])).toBe("Jobs");
  expect(trayWord([job("a", "queued")])).toBe("1 queued");
});
