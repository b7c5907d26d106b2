import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http } from "msw";
import { useState } from "react";
import { expect, test, vi } from "vitest";

import { parseTrain } from "@/lib/train-view";
import type { Model, Sweep } from "@/lib/types";
import type { View } from "@/lib/view";
import { SAE } from "@/testing/mock/models";
import { fail, json } from "@/testing/mock/reply";
import { makeWorld, renderWithTheme } from "@/testing/render";
import { server } from "@/testing/server";

import { clean, missing, parseList, requestOf } from "./form";
import { points, runsOf } from "./runs";
import { cellOf, PLAN, SWEEP } from "./training.fixture";
import TrainPage from "./TrainPage";

const user = userEvent.setup();

function Page({ model, onUsed }: { model: Model; onUsed: () => void }) {
  const [view, setView] = useState<View>({});
  const onView = (patch: View) => setView((old) => ({ ...old, ...patch }));
  return <TrainPage model={model} view={view} onView={onView} onUsed={onUsed} />;
}

function open(found: Sweep | null, plan: () => Response = () => json(PLAN)) {
  const { model } = makeWorld().addWalker("walker", { sae: SAE });
  const summary = { sweep_id: "w_1", job_id: "j_1", state: "done", created_at: "2026-11-24T03:00:00Z" };
  const listed = found
    ? [
        {
          ...summary,
          env: "Walker2d-v5",
          tap_index: 4,
          output_tap: null,
          cells: 3,
          sentence: null,
          imported_at: null,
        },
      ]
    : [];
  server.use(
    http.get("*/model/:id/sweeps", () => json({ sweeps: listed })),
    http.post("*/model/:id/sweep/plan", plan),
    http.get("*/sweep/:id", () => json(found)),
  );
  const onUsed = vi.fn();
  renderWithTheme(<Page model={model} onUsed={onUsed} />);
  return { model, onUsed };
}

test("before anything is trained it says what will appear, what it costs and the command", async () => {
  open(null);
  expect(await screen.findByText("Nothing trained yet")).toBeVisible();
  expect(await screen.findByText(PLAN.command)).toBeVisible();
  expect(screen.getByText(/About 40 s, judged by earlier sweeps/)).toBeVisible();
});

test("what could not be listed is named", async () => {
  const { model } = makeWorld().addWalker("walker", { sae: SAE });
  server.use(http.get("*/model/:id/sweeps", () => fail(500, "The database is locked.")));
  renderWithTheme(<Page model={model} onUsed={vi.fn()} />);
  expect(await screen.findByRole("alert")).toHaveTextContent("The trainings could not be listed");
});

test("what is typed is asked of the server, and what it refuses is said in its words", async () => {
  const asked: unknown[] = [];
  server.use(http.post("*/never", () => json({})));
  open(null, () => json(PLAN));
  server.use(
    http.post("*/model/:id/sweep/plan", async ({ request }) => {
      asked.push(await request.json());
      return fail(400, "No k of [64] is below a number of latents.");
    }),
  );
  await user.type(await screen.findByLabelText("k, one or several"), "64");
  expect(await screen.findByText(/No k of \[64\]/)).toBeVisible();
  expect(asked.at(-1)).toMatchObject({ topk: [64] });
  expect(screen.getByRole("button", { name: /^Train/ })).toBeDisabled();
});

test("a finished sweep: sentence, frontier, curves, every training, and one is put to use", async () => {
  const { onUsed } = open(SWEEP);
  expect(await screen.findByText(SWEEP.sentence!)).toBeVisible();
  const table = screen.getByRole("table");
  const rows = within(table).getAllByRole("row").slice(1);
  expect(rows).toHaveLength(3);
  expect(rows[1]).toHaveTextContent(/k 16 of 64, seed 0recommended.*98\.0 %.*passes/);
  let used: unknown;
  server.use(
    http.post("*/sweep/w_1/use", async ({ request }) => {
      used = await request.json();
      return json(SAE);
    }),
  );
  await user.click(screen.getByRole("button", { name: "Use this SAE: k 16 of 64, seed 1" }));
  await waitFor(() => expect(onUsed).toHaveBeenCalled());
  expect(used).toEqual({ cell: 2 });
});

test("an interrupted sweep can go on with what it has", async () => {
  const waiting = cellOf(1, 16, 0, { state: "waiting", curves: null, density: null, gate: undefined });
  const error = { code: "interrupted", message: "The server stopped." };
  const stopped = {
    ...SWEEP,
    sentence: null,
    recommended: null,
    configurations: [],
    data: null,
    baseline: null,
    job: { ...SWEEP.job, state: "interrupted" as const, error },
    cells: [cellOf(0, 4, 0, { state: "trained", gate: undefined }), waiting],
  };
  open(stopped);
  expect(await screen.findByText(/1 SAE trained before will not be trained again/)).toBeVisible();
  let retried = false;
  server.use(
    http.post("*/job/j_1/retry", () => {
      retried = true;
      return json(SWEEP.job, 202);
    }),
  );
  await user.click(screen.getByRole("button", { name: "Resume" }));
  await waitFor(() => expect(retried).toBe(true));
});

test("one that was cancelled says at which step each training stopped", async () => {
  const begun = cellOf(0, 4, 0, { state: "waiting", density: null, gate: undefined });
  const waiting = cellOf(1, 4, 1, { state: "waiting", curves: null, density: null, gate: undefined });
  open({
    ...SWEEP,
    sentence: null,
    recommended: null,
    configurations: [],
    job: { ...SWEEP.job, state: "cancelled" },
    cells: [begun, waiting],
  });
  const rows = within(await screen.findByRole("table")).getAllByRole("row");
  expect(rows[1]).toHaveTextContent("stopped at step 300");
  expect(rows[2]).toHaveTextContent("waiting");
});

test("without an SAE the tap of the workbench is proposed, not the first", async () => {
  const { model } = makeWorld().addWalker("walker");
  server.use(
    http.get("*/model/:id/sweeps", () => json({ sweeps: [] })),
    http.post("*/model/:id/sweep/plan", () => json(PLAN)),
  );
  renderWithTheme(<Page model={model} onUsed={vi.fn()} />);
  await waitFor(() => expect(screen.getByRole("textbox", { name: "Tap" })).toHaveValue("3"));
});

test("a transcoder stands beside the best affine map, and what was imported says when", async () => {
  const affine_map = { fvu: 0.0212, action_fvu: 0.02, feedback_fvu: 0.4 };
  const cell = cellOf(0, 16, 0, { variant: "transcoder", fvu: 0.012, affine_map });
  const imported_at = new Date(Date.now() - 180_000).toISOString();
  open({ ...SWEEP, cells: [cell], imported_at });
  const rows = within(await screen.findByRole("table")).getAllByRole("row");
  expect(rows.at(-1)).toHaveTextContent(/^Best affine map, no latents.*0\.0212/);
  expect(
    screen.getByText(/leaves 0\.012 of the variance unexplained, less than the 0\.0212/),
  ).toHaveTextContent(/Came in with a workspace 3 min ago\.$/);
});

test("a transcoder can be saved as a file, but is not offered for steering", async () => {
  const cells = [cellOf(0, 4, 0), cellOf(1, 16, 0, { variant: "transcoder" }), cellOf(2, 16, 1)];
  open({ ...SWEEP, cells });
  const name = "k 16 of 64, transcoder, seed 0";
  const asked: string[] = [];
  server.use(
    http.get("*/sweep/:id/file", ({ request }) => {
      asked.push(new URL(request.url).search);
      return fail(409, "It is not done.");
    }),
  );
  await user.click(await screen.findByRole("button", { name: `Save the file: ${name}` }));
  expect(await screen.findByText("Not saved")).toBeVisible();
  expect(asked).toEqual(["?cell=1"]);
  expect(screen.queryByRole("button", { name: `Use this SAE: ${name}` })).toBeNull();
  expect(screen.getAllByRole("button", { name: /^Use this SAE/ })).toHaveLength(2);
});

test("an error is the server's sentence", async () => {
  open(SWEEP);
  server.use(http.get("*/sweep/:id", () => fail(500, "The sweep is damaged.")));
  expect(await screen.findByText("The sweep is damaged.")).toBeVisible();
});

test("runs have one colour each, and seeds of one configuration one dash each", () => {
  const runs = runsOf(SWEEP);
  expect(new Set(runs.map((run) => run.color)).size).toBe(3);
  expect(runs[1]!.dash).not.toBe(runs[2]!.dash);
  expect(points(runs[0]!, "return_recovered")).toEqual([[200, 0.7]]);
  const beside = runsOf(SWEEP, { ...SWEEP, sweep_id: "w_2" });
  expect(beside).toHaveLength(6);
  expect(beside[3]!.label).toMatch(/beside/);
});

test("form: lists, shares and the address", () => {
  expect(parseList("4, 8 16")).toEqual([4, 8, 16]);
  expect([parseList("four"), parseList("0"), parseList(" ")]).toEqual([null, null, undefined]);
  expect([clean({}), clean({ pushed_share: 0.3 }), clean({ noisy_share: 0.9, reset_share: 0.2 })]).toEqual([
    0.4, 0.1, -0.1,
  ]);
  expect(requestOf({ noisy_share: 0.9, reset_share: 0.2 }, "Walker2d-v5", 4)).toBeNull();
  const silent = { variant: ["transcoder"] };
  expect(requestOf(silent, "Walker2d-v5", 4)).toBeNull(); // it has to be told where to write
  expect(missing(silent, "Walker2d-v5")).toContain("under Tap written");
  expect(requestOf({ topk: [4] }, "Walker2d-v5", 4)).toEqual({ env: "Walker2d-v5", tap_index: 4, topk: [4] });
  const both = { variant: ["topk", "transcoder"], output_tap: 6 };
  expect(requestOf(both, "Walker2d-v5", 4)).toMatchObject(both);
  expect(requestOf({ output_tap: 6 }, "Walker2d-v5", 4)).not.toHaveProperty("output_tap"); // an SAE writes its own
  expect(parseTrain({ lr: 0.01, data_from: "w_1", output_tap: -1 })).toEqual({ lr: 0.01, data_from: "w_1" });
  expect(parseTrain({ topk: [4, "8"], steps: 1.5, seed: 0, env: "", noise_scale: -1 })).toEqual({ seed: 0 });
  expect(parseTrain("no")).toBeUndefined();
});
