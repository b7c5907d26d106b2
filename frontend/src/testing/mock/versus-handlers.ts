import { http, type HttpHandler } from "msw";

import type { Model, ModelComparison } from "@/lib/types";

import { fail, json } from "./reply";
import { makeRun } from "./run-handlers";
import type { World } from "./world";

const sideOf = ({ id, name, obs_dim, act_dim, n_edits }: Model) => ({
  id,
  name,
  widths: [obs_dim, 32, act_dim],
  activation: "GELU",
  parameters: 2000,
  edits: n_edits,
  changed_weights: n_edits,
  model_sha256: `${id}-file`,
  weights_sha256: `${id}-weights-and-more`,
  sae: null,
});

/** Two models that differ in 30 weights and in one of two actions. */
function comparisonOf(first: Model, second: Model): ModelComparison {
  return {
    models: [sideOf(first), sideOf(second)],
    weights: { different: 30, total: 2000, relative: 0.05 },
    actions: {
      states: 400,
      states_of: first.id,
      observations_sha256: "0b5",
      env: "Walker2d-v5",
      other_choice: null,
      gaps: [
        { name: "right thigh torque", rms: 0.2, rms_sd: 0.4, mean: -0.1 },
        { name: "left thigh torque", rms: 0, rms_sd: 0, mean: 0 },
      ],
    },
    features: {
      reason: "Neither has an SAE.",
      mean_correlation: null,
      chance: null,
      shared: null,
      alive: null,
      matches: [],
    },
  };
}

/** Like the server: what two models are made of, and a run in which the second plays an arm. */
export function versusHandlers(world: World): HttpHandler[] {
  const find = (id: unknown) => world.models.get(String(id))?.model;
  return [
    http.get("*/model/:id/compare", ({ params, request }) => {
      const other = new URL(request.url).searchParams.get("other");
      const [first, second] = [find(params.id), find(other)];
      if (!first || !second) return fail(404, `There is no model ${String(other)}.`, "not_found");
      return json(comparisonOf(first, second));
    }),
    http.post("*/model/:id/compare", async ({ params, request }) => {
      const body = (await request.json()) as { other: string; env: string; episodes: number };
      const second = find(body.other);
      if (!second) return fail(404, `There is no model ${body.other}.`, "not_found");
      const run = makeRun(
        { ...body, seed: 0 },
        {
          id: world.next("r"),
          model_id: String(params.id),
          state: "queued",
          arm_names: ["baseline", second.name],
        },
      );
      world.runs.set(run.id, run);
      return json({ run_id: run.id, job_id: run.job_id, state: "queued", reused: false, estimate_s: 4 }, 202);
    }),
  ];
}
