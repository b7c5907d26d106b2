import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http } from "msw";
import { useState } from "react";
import { expect, test, vi } from "vitest";

import type { Job, Run, StudyKind } from "@/lib/types";
import { useModel } from "@/modules/models/api";
import { addStudy, RECORDED } from "@/testing/mock/effects-handlers";
import { SAE } from "@/testing/mock/models";
import { fail, json } from "@/testing/mock/reply";
import { makeWorld, renderAt } from "@/testing/render";
import { server } from "@/testing/server";

import EffectsPanel from "./EffectsPanel";

const user = userEvent.setup({ delay: null });

function Page({ id, start, onStored }: { id: string; start: string | undefined; onStored: () => void }) {
  const { data: model } = useModel(id);
  const [study, setStudy] = useState(start);
  const [kind, setKind] = useState<StudyKind>();
  const [feature, setFeature] = useState<number | undefined>(45);
  return model ? (
    <>
      <output>{study}</output>
      <EffectsPanel
        model={model}
        feature={feature}
        study={study}
        onStudy={(next) => {
          setStudy(next);
          setKind(undefined);
        }}
        kind={kind}
        onKind={setKind}
        onFeature={setFeature}
        onStored={onStored}
      />
    </>
  ) : null;
}

function open(kind?: StudyKind, patch = {}, study: Partial<Run> = {}) {
  const world = makeWorld();
  const { model } = world.addWalker("walker", { sae: SAE, ...patch });
  const run = kind && Object.assign(addStudy(world, model.id, kind), study);
  const onStored = vi.fn();
  const router = renderAt("/?screen=effects", () => (
    <Page id={model.id} start={run?.id} onStored={onStored} />
  ));
  return { world, model, run, onStored, router };
}

test("without an SAE it says what is needed; without a study, what will appear", async () => {
  const { router } = open(undefined, { sae: null });
  expect(await screen.findByText("Need SAE + cached data")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Load an SAE" }));
  await waitFor(() => expect(router.state.location.search).not.toHaveProperty("screen", "effects"));
});

test("a dose-response is started with what the form shows", async () => {
  open();
  expect(await screen.findByText("Not measured yet")).toBeVisible();
  await waitFor(() => expect(screen.getByRole("combobox", { name: "Measure" })).toHaveValue("Speed"));
  const bodies: unknown[] = [];
  server.use(
    http.post("*/model/:id/dose_response", async ({ request }) => {
      bodies.push(await request.json());
      return fail(429, "32 jobs are waiting. Try again later.");
    }),
  );
  const doses = screen.getByLabelText("Doses δₐ, both signs");
  await user.clear(doses);
  await user.type(doses, "0.02 0.1");
  expect(screen.getByText(/^912 episodes of at most 1,000 steps/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Measure the dose-response" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("32 jobs are waiting");
  expect(bodies).toEqual([
    {
      env: "Walker2d-v5",
      seed: 0,
      episodes: 16,
      max_steps: 1000,
      measure: "speed",
      feature_idx: 45,
      doses: [0.02, 0.1],
      random_directions: 20,
      again: false,
    },
  ]);
});

test("a finished dose-response: sentence, chart, shape, and a dose read off by keyboard", async () => {
  open("dose_response");
  expect(await screen.findByText(RECORDED.dose_response.sentence, { selector: "p" })).toBeVisible();
  const chart = await screen.findByRole("img", { name: /at 10 doses of feature 45/ });
  chart.focus();
  await user.keyboard("{ArrowRight}");
  expect(screen.getByText(/^δₐ −0.15, α = −/)).toBeVisible();
  const flip = screen.getByRole("button", { name: "sign flip, mirrored" });
  expect(flip).toHaveAttribute("aria-pressed", "false");
  await user.click(flip);
  expect(flip).toHaveAttribute("aria-pressed", "true");
  const rows = within(screen.getByRole("table", { name: /Every dose/ })).getAllByRole("row");
  expect(rows).toHaveLength(RECORDED.dose_response.points.length + 1);
  expect(screen.getByText("policyscope verify r_2.zip")).toBeVisible();
});

test("one dose has no slope, and says so without a unit", async () => {
  open("dose_response");
  const one = RECORDED.dose_response;
  const curve = { ...one, points: one.points.slice(-1), slope: null, slope_ci: null, linear_range: null };
  server.use(
    http.get("*/run/:id/effects", () =>
      json({
        run_id: "r_2",
        kind: "dose_response",
        state: "done",
        dose_response: curve,
        calibration: null,
        scan: null,
      }),
    ),
  );
  const label = await screen.findByText("slope at 0");
  expect(label.closest("div")).toHaveTextContent(/not with one dose$/);
});

test("several features are calibrated together, by their shares of one push", async () => {
  open();
  await user.click(await screen.findByRole("radio", { name: "Calibrate" }));
  await waitFor(() => expect(screen.getByRole("combobox", { name: "Measure" })).toHaveValue("Speed"));
  expect(screen.getByLabelText("Feature")).toHaveValue("45");
  await user.click(screen.getByRole("button", { name: "Add a feature" }));
  const find = screen.getByRole("button", { name: "Find the dose" });
  expect(find).toBeDisabled();
  const second = within(screen.getByRole("group", { name: "Feature 2 of the push" }));
  await user.type(second.getByLabelText("Feature"), "7");
  await user.clear(second.getByLabelText("Share"));
  await user.type(second.getByLabelText("Share"), "-0.5");
  expect(screen.getByText(/^Pushed together: w₄₅ − 0.5 w₇\. At most/)).toBeVisible();
  let sent: unknown;
  server.use(
    http.post("*/model/:id/calibrate", async ({ request }) => {
      sent = await request.json();
      return fail(429, "32 jobs are waiting. Try again later.");
    }),
  );
  await user.click(find);
  await screen.findByRole("alert");
  expect(sent).toMatchObject({
    features: [
      { feature_idx: 45, weight: 1 },
      { feature_idx: 7, weight: -0.5 },
    ],
    target: { measure: "speed", change: 0.1, relative: true },
  });
  await user.click(screen.getByRole("button", { name: "Drop feature 1" }));
  expect(screen.getByLabelText("Feature")).toHaveValue("7");
  expect(screen.queryByLabelText("Share")).toBeNull();
});

test("an unreachable goal says so and offers the best safe dose, which can be stored", async () => {
  const { world, model, onStored } = open("calibration");
  expect(await screen.findByText("unreachable within what is safe")).toBeVisible();
  expect(screen.getByText(/The best safe dose is shown instead/)).toBeVisible();
  expect(screen.getByText(/Inside the band of random directions/)).toBeVisible();
  let sent: unknown;
  server.use(
    http.post("*/model/:id/sae_perturb", async ({ request }) => {
      sent = await request.json();
      const edits = RECORDED.calibration.edits;
      const stored = world.models.get(model.id)!;
      stored.model = {
        ...stored.model,
        intervention: { feature_idx: 11, alpha: edits[0]!.value, decoder_norm: 1, edits },
      };
      return json({ ok: true });
    }),
  );
  await user.click(screen.getByRole("button", { name: /^Use α = −0\.06/ }));
  expect(await screen.findByRole("button", { name: "Stored for the next run" })).toBeDisabled();
  expect(onStored).toHaveBeenCalledTimes(1);
  expect(sent).toEqual({ edits: RECORDED.calibration.edits });
});

test("a goal that no safe dose serves", async () => {
  open("calibration");
  const nothing = { ...RECORDED.calibration, dose: null, alpha: null, edits: [], confirmation: null };
  server.use(
    http.get("*/run/:id/effects", () =>
      json({
        run_id: "r_2",
        kind: "calibration",
        state: "done",
        dose_response: null,
        scan: null,
        calibration: nothing,
      }),
    ),
  );
  expect(await screen.findByText("No safe dose of either sign moves the measure that way.")).toBeVisible();
  expect(screen.queryByRole("button", { name: /^Use α/ })).toBeNull();
});

test("a scan quotes only what was confirmed, and leads to the features", async () => {
  open("scan");
  const findings = within(await screen.findByRole("region", { name: "Findings" }));
  expect(findings.getAllByRole("listitem").map((item) => item.textContent)).toEqual(RECORDED.scan.findings);
  const table = within(screen.getByRole("region", { name: "Every push that was run" }));
  expect(table.getAllByRole("row").length).toBe(21);
  await user.click(table.getByRole("button", { name: /^Offline rank/ }));
  const first = table.getAllByRole("row")[1]!;
  expect(first).toHaveTextContent(/^45/);
  await user.click(screen.getAllByRole("button", { name: "Dose-response" })[0]!);
  expect(await screen.findByRole("button", { name: "Measure the dose-response" })).toBeVisible();
  expect(screen.getByLabelText("Feature")).toHaveValue(String(RECORDED.scan.confirmations[0]!.feature_idx));
});

test("a scan without findings says None", async () => {
  open("scan");
  const none = { ...RECORDED.scan, findings: [], confirmations: [], candidates: 0 };
  server.use(
    http.get("*/run/:id/effects", () =>
      json({
        run_id: "r_2",
        kind: "scan",
        state: "done",
        dose_response: null,
        calibration: null,
        scan: none,
      }),
    ),
  );
  expect(await screen.findByText(/^None\. 0 candidates among/)).toBeVisible();
});

test("a started study appears, and one that was played before says so", async () => {
  const { run } = open("dose_response");
  await screen.findByText(RECORDED.dose_response.sentence, { selector: "p" });
  const again: boolean[] = [];
  server.use(
    http.post("*/model/:id/dose_response", async ({ request }) => {
      again.push(((await request.json()) as { again: boolean }).again);
      return json({ job_id: "j_1", run_id: run!.id, state: "done", reused: true, estimate_s: 0 }, 202);
    }),
  );
  await user.click(screen.getByRole("button", { name: "Measure the dose-response" }));
  expect(await screen.findByText(/^Exactly this was finished before/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Play it again" }));
  await waitFor(() => expect(again).toEqual([false, true]));
});

test("a link to a study that is not here says so, though there are others", async () => {
  const world = makeWorld();
  const { model } = world.addWalker("walker", { sae: SAE });
  addStudy(world, model.id, "dose_response");
  renderAt("/", () => <Page id={model.id} start="r_gone" onStored={vi.fn()} />);
  expect(await screen.findByRole("alert")).toHaveTextContent("There is no run r_gone.");
});

test("numbers that cannot be read: the server's sentence", async () => {
  open("scan");
  server.use(http.get("*/run/:id/effects", () => fail(500, "effects.json is damaged.")));
  expect(await screen.findByRole("alert")).toHaveTextContent("effects.json is damaged.");
});

test("a study that failed gives the job's reason", async () => {
  const { world } = open("scan", {}, { state: "failed", sentence: null });
  const error = { code: "failed", message: "The simulator diverged." };
  world.jobs.set("j_1", { id: "j_1", kind: "scan", state: "failed", error } as Job);
  expect(await screen.findByText(/This study failed before its end/)).toBeVisible();
  expect(await screen.findByText(/The simulator diverged/)).toBeVisible();
});
