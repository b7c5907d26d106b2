import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http } from "msw";
import { describe, expect, it, test, vi } from "vitest";

import type { Job, Model, Run } from "@/lib/types";
import { ENVS } from "@/testing/mock/envs";
import { makeModel } from "@/testing/mock/models";
import { fail, json } from "@/testing/mock/reply";
import { makeRun } from "@/testing/mock/run-handlers";
import { finishRun } from "@/testing/mock/runs";
import { makeWorld, renderAt, renderWithTheme } from "@/testing/render";
import { server } from "@/testing/server";

import ComparePanel from "./ComparePanel";
import { misfit } from "./EnvSelect";
import { JobProgress } from "./JobProgress";
import { plannedArms, planText, startEnv } from "./RunForm";
import { RunPanel } from "./RunPanel";
import { findEnv, homeEnv } from "./use-env-info";

const user = userEvent.setup();
const BODY = { env: "Walker2d-v5", episodes: 8, seed: 0 };
const PUSH = {
  feature_idx: 42,
  alpha: 3,
  decoder_norm: 1,
  edits: [{ feature_idx: 42, op: "add" as const, value: 3 }],
};

const job = (patch: Partial<Job> = {}): Job => ({
  id: "j_1",
  kind: "run",
  state: "running",
  progress: { done: 5, total: 20, unit: "episodes", message: "Playing episodes", metrics: {} },
  created_at: "2026-01-01T00:00:00Z",
  started_at: "2026-01-01T00:00:00Z",
  finished_at: null,
  result: null,
  error: null,
  ...patch,
});

describe("where a policy can act", () => {
  const walker = makeModel("m", "walker", [17, 32, 6], { metadata: { env: "Walker2d-v5" } }).model;
  it("starts from its own environment, else from the first that fits", () => {
    expect(startEnv(walker, ENVS)).toBe("Walker2d-v5");
    expect(startEnv({ ...walker, metadata: { env: "Hopper-v5" } }, ENVS)).toBe("Walker2d-v5");
    expect(startEnv({ ...walker, metadata: {}, compatible_envs: [] }, ENVS)).toBeNull();
  });
  it("knows its home from the file, the SAE, or from there being only one", () => {
    const bare: Model = { ...walker, metadata: {} };
    expect(homeEnv(walker)).toBe("Walker2d-v5");
    expect(homeEnv(bare)).toBeNull(); // HalfCheetah has the same sizes
    expect(homeEnv({ ...bare, compatible_envs: ["Hopper-v5"] })).toBe("Hopper-v5");
  });
  it("finds an environment by an older name too", () => {
    const envs = [{ ...ENVS[0]!, aliases: ["Walker2d-v4"] }];
    expect(findEnv(envs, "Walker2d-v4")?.id).toBe("Walker2d-v5");
    expect(findEnv(envs, null)).toBeUndefined();
  });
  it("says both shapes where it does not fit", () => {
    expect(misfit(walker, ENVS[0]!)).toBeNull();
    expect(misfit(walker, ENVS[2]!)).toBe("needs 11 → 3, this policy is 17 → 6");
  });
});

test("the arms of the next run follow what was changed", () => {
  const { model } = makeModel("m", "walker", [17, 32, 6]);
  const names = (patch: Partial<Model>) => plannedArms({ ...model, ...patch }).map((arm) => arm.name);
  expect(names({})).toEqual(["baseline"]);
  expect(names({ intervention: PUSH })).toEqual(["baseline", "intervention"]);
  expect(names({ intervention: PUSH, n_edits: 1 })).toEqual(["baseline", "edited weights", "intervention"]);
});

test.each([
  [1, 16, "Only the baseline will run: nothing has been changed yet."],
  [2, 5, "2 arms × 5 seeds = 10 episodes. A preview: too few seeds for a test."],
  [2, 8, "2 arms × 8 seeds = 16 episodes. 16 seeds or more make a comparison worth quoting."],
  [3, 16, "3 arms × 16 seeds = 48 episodes."],
])("%s arms on %s seeds: %s", (arms, episodes, text) => expect(planText(arms, episodes)).toBe(text));

test.each([
  [30, ", 30 s left"],
  [null, ""],
])("time left is the server's: %s", (eta_s, said) => {
  renderWithTheme(<JobProgress job={job({ progress: { ...job().progress, eta_s } })} />);
  expect(screen.getByRole("status")).toHaveTextContent(new RegExp(`5 of 20 episodes${said}$`));
});

describe("progress", () => {
  it("counts, and can be cancelled", async () => {
    const world = makeWorld();
    world.jobs.set("j_1", job());
    renderWithTheme(<JobProgress job={job()} />);
    expect(screen.getByRole("status")).toHaveTextContent("Playing episodes 5 of 20 episodes");
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    await waitFor(() => expect(world.jobs.get("j_1")!.state).toBe("cancelled"));
  });
  it("waits in the queue", () => {
    renderWithTheme(<JobProgress job={job({ state: "queued" })} />);
    expect(screen.getByRole("status")).toHaveTextContent("Waiting for its turn");
  });
});

describe("Run", () => {
  const show = (model: Model, more: Partial<Parameters<typeof RunPanel>[0]> = {}) => {
    const onStarted = vi.fn<(id: string) => void>();
    renderWithTheme(
      <RunPanel model={model} job={undefined} unapplied={false} onStarted={onStarted} {...more} />,
    );
    return onStarted;
  };
  it("loading and error", async () => {
    const { model } = makeWorld().addWalker();
    server.use(http.get("*/envs", () => fail(500, "No environments.")));
    show(model);
    expect(screen.getByRole("status", { name: "Reading the environments" })).toBeVisible();
    expect(await screen.findByRole("alert")).toHaveTextContent("No environments.");
  });
  it("an architecture without weights cannot run", () => {
    const { model } = makeWorld().addWalker("drawing", { architecture_only: true });
    show(model);
    expect(screen.getByText("Nothing to run")).toBeVisible();
  });
  it("sends exactly what the form shows", async () => {
    const world = makeWorld();
    const { model } = world.addWalker("walker", { intervention: PUSH });
    const onStarted = show(model);
    const episodes = await screen.findByLabelText("Episodes");
    expect(episodes).toHaveValue("16");
    expect(screen.getByText("2 arms × 16 seeds = 32 episodes.")).toBeVisible();
    await user.clear(episodes);
    await user.type(episodes, "4");
    await user.clear(screen.getByLabelText("First seed"));
    await user.type(screen.getByLabelText("First seed"), "100");
    await user.click(screen.getByRole("button", { name: "Run Model" }));
    await waitFor(() => expect(onStarted).toHaveBeenCalledTimes(1));
    const run = world.runs.get(onStarted.mock.calls[0]![0])!;
    expect(run).toMatchObject({
      env: "Walker2d-v5",
      episodes: 4,
      max_steps: 1000,
      seeds: [100, 101, 102, 103],
    });
  });
  it("three levels, each with what it is good for; a confirmation takes seeds that nobody has seen", async () => {
    const world = makeWorld();
    const { model } = world.addWalker("walker", { intervention: PUSH });
    world.runs.set(
      "r_9",
      makeRun({ ...BODY, episodes: 16 }, { id: "r_9", model_id: model.id, state: "done" }),
    );
    show(model);
    const levels = within(await screen.findByRole("group", { name: "How sure" }));
    await waitFor(() => expect(levels.getByRole("button", { name: /^Compare 16/ })).toBeVisible());
    await user.click(levels.getByRole("button", { name: /^Preview 4/ }));
    expect(screen.getByText(/A preview: too few seeds for a test/)).toBeVisible();
    await user.click(levels.getByRole("button", { name: /^Confirm 32/ }));
    expect(screen.getByLabelText("Episodes")).toHaveValue("32");
    await waitFor(async () => {
      await user.click(levels.getByRole("button", { name: /^Confirm 32/ }));
      expect(screen.getByLabelText("First seed")).toHaveValue("16");
    });
  });
  it("says when the same run was played before, and plays it again on request", async () => {
    const { model } = makeWorld().addWalker("walker", { intervention: PUSH });
    const asked: unknown[] = [];
    server.use(
      http.post("*/model/:id/run", async ({ request }) => {
        asked.push(((await request.json()) as { again?: boolean }).again);
        return json({ job_id: "j_1", run_id: "r_1", state: "done", reused: true, estimate_s: 0 }, 202);
      }),
    );
    show(model);
    await user.click(await screen.findByRole("button", { name: "Run Model" }));
    await user.click(await screen.findByRole("button", { name: "Play it again" }));
    await waitFor(() => expect(asked).toEqual([undefined, true]));
  });
  it("warns when the slider differs from what is stored, and waits while a run is on", async () => {
    const { model } = makeWorld().addWalker();
    show(model, { unapplied: true, job: job() });
    expect(await screen.findByText(/The slider differs from what is stored/)).toBeVisible();
    expect(screen.getByRole("button", { name: "Run Model" })).toBeDisabled();
    expect(screen.getByText(/5 of 20 episodes/)).toBeVisible();
  });
  it("shows the server's refusal", async () => {
    const { model } = makeWorld().addWalker();
    server.use(http.post("*/model/:id/run", () => fail(429, "32 jobs are waiting. Try again later.")));
    show(model);
    await user.click(await screen.findByRole("button", { name: "Run Model" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("32 jobs are waiting");
  });
});

/** Of differences and of seeds; the second comes once the replay is up. */
async function tables() {
  await screen.findByRole("columnheader", { name: "Seed" });
  return screen.getAllByRole("table");
}

describe("Compare", () => {
  const show = (run?: Run, jobs: Job[] = []) => {
    const world = makeWorld();
    if (run) world.runs.set(run.id, run);
    jobs.forEach((each) => world.jobs.set(each.id, each));
    const onRun = vi.fn();
    renderAt("/", () => <ComparePanel modelId="m_1" runId={run?.id} onRun={onRun} />);
    return { world, onRun };
  };
  it("empty", async () => {
    show();
    expect(await screen.findByText("No run yet")).toBeVisible();
  });
  it("a run that does not exist", async () => {
    makeWorld();
    renderAt("/", () => <ComparePanel modelId="m_1" runId="r_gone" onRun={vi.fn()} />);
    expect(await screen.findByRole("alert")).toHaveTextContent("There is no run r_gone.");
  });
  it("still playing", async () => {
    show(makeRun(BODY));
    expect(await screen.findByText(/Episodes are being played/)).toBeVisible();
  });
  it("cancelled", async () => {
    show(makeRun(BODY, { state: "cancelled" }));
    expect(await screen.findByText(/cancelled before its end/)).toBeVisible();
  });
  it("failed: with the job's reason", async () => {
    const error = { code: "failed", message: "The simulator diverged at step 12." };
    show(makeRun(BODY, { state: "failed" }), [job({ state: "failed", error })]);
    expect(await screen.findByText(/The simulator diverged at step 12/)).toBeVisible();
  });
  it("done: sentence, side by side, every seed, and how to recompute it", async () => {
    const run = finishRun(makeRun(BODY), PUSH);
    show(run);
    expect(await screen.findByText(run.sentence!)).toBeVisible();
    const [table, seeds] = await tables();
    const cells = within(within(table!).getByRole("row", { name: /^Mean return/ })).getAllByRole("cell");
    const mean = (arm: number) => Math.round(run.arms[arm]!.returns.mean!).toLocaleString("en-US");
    expect(cells[0]).toHaveTextContent(mean(0));
    expect(cells[1]).toHaveTextContent(mean(1));
    expect(within(table!).getByText("α = +3 on feature 42")).toBeVisible();
    expect(within(seeds!).getAllByRole("row")).toHaveLength(9);
    expect(screen.getByRole("img", { name: /for each of 8 seeds/ })).toBeVisible();
    await user.click(screen.getByText("How to recompute this run"));
    expect(screen.getByText("5ae5ae")).toBeVisible();
  });
  it("α = 0: says exactly 0 and shows no interval", async () => {
    show(finishRun(makeRun(BODY), { ...PUSH, alpha: 0 }));
    await screen.findByText(/gave exactly the baseline numbers/);
    expect(screen.getAllByText("exactly 0").length).toBeGreaterThanOrEqual(3);
  });
  it("what it draws stands in the address", async () => {
    const world = makeWorld();
    const run = finishRun(makeRun(BODY), PUSH);
    world.runs.set(run.id, run);
    const router = renderAt("/?measure=length", () => (
      <ComparePanel modelId="m_1" runId="r_1" onRun={vi.fn()} />
    ));
    const choice = await screen.findByRole("combobox", { name: "Measure of the chart" });
    expect(choice).toHaveValue("Episode length");
    await user.click(choice);
    await user.click(screen.getByRole("option", { name: "Return per episode" }));
    expect(router.state.location.search).not.toHaveProperty("measure", "length");
    expect(choice).toHaveValue("Return per episode");
  });
  it("a study is not compared but opened where it belongs", async () => {
    const world = makeWorld();
    const run = makeRun(BODY, { kind: "scan", state: "done", sentence: "24 pushes." });
    world.runs.set(run.id, run);
    const onStudy = vi.fn();
    renderAt("/", () => <ComparePanel modelId="m_1" runId="r_1" onRun={vi.fn()} onStudy={onStudy} />);
    await user.click(await screen.findByRole("button", { name: "Open it in Effects" }));
    expect(onStudy).toHaveBeenCalledWith("r_1");
  });
  it("a seed under the pointer is spelt out", async () => {
    const run = finishRun(makeRun(BODY), PUSH);
    show(run);
    await screen.findByText(run.sentence!);
    await user.hover(within((await tables())[1]!).getByRole("row", { name: /^3 / }));
    expect(screen.getByText("Seed 3")).toBeVisible();
  });
  it("an earlier run is brought back, and can be deleted", async () => {
    const { world, onRun } = show(finishRun(makeRun(BODY), PUSH));
    const history = within((await screen.findByText("Runs of this model")).parentElement!);
    await user.click(await history.findByRole("button", { name: /α = \+3 on feature 42/ }));
    expect(onRun).toHaveBeenCalledWith("r_1");
    await user.click(history.getByRole("button", { name: /^Delete the run/ }));
    await waitFor(() => expect(world.runs.size).toBe(0));
    expect(onRun).toHaveBeenLastCalledWith(undefined);
  });
});

test("the download is fetched with the token, named after the run, and released", async () => {
  const release = vi.fn();
  URL.createObjectURL = () => "blob:x";
  URL.revokeObjectURL = release;
  const click = vi.spyOn(HTMLAnchorElement.prototype, "click").mockReturnValue();
  const run = finishRun(makeRun(BODY), PUSH);
  makeWorld().runs.set(run.id, run);
  renderAt("/", () => <ComparePanel modelId="m_1" runId="r_1" onRun={vi.fn()} />);
  await user.click(await screen.findByRole("button", { name: "Download CSV" }));
  await waitFor(() => expect(release).toHaveBeenCalledWith("blob:x"));
  const [link] = click.mock.contexts as HTMLAnchorElement[];
  expect([link!.download, link!.href]).toEqual(["r_1-episodes.csv", "blob:x"]);
});
