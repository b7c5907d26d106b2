import { delay, http, HttpResponse, type HttpHandler } from "msw";

import type { Job, Run } from "@/lib/types";

import { ENVS } from "./envs";
import type { StoredModel } from "./models";
import { fail, json, withModel, type Params } from "./reply";
import { finishRun } from "./runs";
import type { World } from "./world";

interface Start {
  env: string;
  episodes: number;
  max_steps?: number;
  seed: number;
}

/** A run that has just been accepted. */
export function makeRun(body: Start, patch: Partial<Run> = {}): Run {
  return {
    id: "r_1",
    kind: "comparison",
    model_id: "m_1",
    job_id: "j_1",
    state: "running",
    env: body.env,
    episodes: body.episodes,
    max_steps: body.max_steps ?? 1000,
    seed: body.seed,
    seeds: Array.from({ length: body.episodes }, (_, i) => body.seed + i),
    created_at: new Date().toISOString(),
    finished_at: null,
    start: { kind: "reset", noise_scale: 1 },
    arms: [],
    comparisons: [],
    behaviour: null,
    sentence: null,
    arm_names: ["baseline", "intervention"],
    provenance: {
      model_sha256: "c0ffee",
      weights_sha256: "c0ffee",
      sae_sha256: "5ae5ae",
      tap_index: 3,
      versions: { mujoco: "3.3.0" },
      arithmetic: "float64",
      imported_at: null,
    },
    ...patch,
  };
}

function startRun(world: World, stored: StoredModel, body: Start) {
  const [id, job_id] = [world.next("r"), world.next("j")];
  const { intervention } = stored.model;
  const arm_names = intervention ? ["baseline", "intervention"] : ["baseline"];
  const run = makeRun(body, { id, job_id, model_id: stored.model.id, arm_names });
  const { created_at } = run;
  world.runs.set(id, run);
  const total = body.episodes * (intervention ? 2 : 1);
  const job: Job = {
    id: job_id,
    kind: "run",
    state: "running",
    progress: { done: 0, total, unit: "episodes", message: "Playing episodes", metrics: {} },
    created_at,
    started_at: created_at,
    finished_at: null,
    result: { run_id: id },
    error: null,
  };
  world.jobs.set(job_id, job);
  const began = Date.now();
  const tick = setInterval(() => {
    const done = Math.min(total, Math.floor((total * (Date.now() - began)) / world.runMs));
    const state =
      world.jobs.get(job_id)!.state === "cancelled" ? "cancelled" : done < total ? "running" : "done";
    world.jobs.set(job_id, { ...job, state, progress: { ...job.progress, done } });
    if (state === "running") return;
    clearInterval(tick);
    world.runs.set(id, state === "done" ? finishRun(run, intervention) : { ...run, state });
  }, 20);
  return json({ job_id, run_id: id, state: "queued" }, 202);
}

/** A stream of a job's states, as the server would send them. */
function jobEvents(world: World, id: string) {
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      for (let n = 1; ; n += 1) {
        const job = world.jobs.get(id)!;
        controller.enqueue(encoder.encode(`id: ${n}\nevent: progress\ndata: ${JSON.stringify(job)}\n\n`));
        if (job.state !== "running") break;
        await delay(60);
      }
      controller.close();
    },
  });
  return new HttpResponse(stream, { headers: { "Content-Type": "text/event-stream" } });
}

export function runHandlers(world: World): HttpHandler[] {
  const withRun = (params: Params, answer: (run: Run) => Response) => {
    const run = world.runs.get(String(params.id));
    return run ? answer(run) : fail(404, `There is no run ${String(params.id)}.`, "not_found");
  };
  return [
    http.get("*/envs", () => json({ envs: ENVS })),
    http.post("*/model/:id/run", async ({ params, request }) => {
      const body = (await request.json()) as Start;
      return withModel(world, params, (stored) => startRun(world, stored, body));
    }),
    http.get("*/runs", ({ request }) => {
      const id = new URL(request.url).searchParams.get("model_id");
      const runs = [...world.runs.values()].filter((run) => id === null || run.model_id === id);
      return json({ runs: runs.reverse() });
    }),
    http.get("*/run/:id", ({ params }) => withRun(params, (run) => json(run))),
    http.delete("*/run/:id", ({ params }) =>
      withRun(params, (run) => json({ ok: world.runs.delete(run.id) })),
    ),
    http.get("*/run/:id/episodes.csv", ({ params }) =>
      withRun(
        params,
        () => new HttpResponse("seed,arm,return\n", { headers: { "Content-Type": "text/csv" } }),
      ),
    ),
    http.get("*/run/:id/scene", ({ params }) =>
      withRun(params, (run) => fail(404, `Run ${run.id} kept no steps to replay.`, "not_found")),
    ),
    http.get("*/jobs", () => json({ jobs: [...world.jobs.values()].reverse() })),
    http.get("*/job/:id", ({ params }) => json(world.jobs.get(String(params.id)))),
    http.get("*/job/:id/events", ({ params }) => jobEvents(world, String(params.id))),
    http.post("*/job/:id/retry", ({ params }) => {
      const again: Job = { ...world.jobs.get(String(params.id))!, state: "queued", error: null };
      world.jobs.set(again.id, again);
      return json(again, 202);
    }),
    http.delete("*/job/:id", ({ params }) => {
      const job: Job = { ...world.jobs.get(String(params.id))!, state: "cancelled" };
      world.jobs.set(job.id, job);
      return json(job);
    }),
  ];
}
