import { http, type HttpHandler } from "msw";

import type { Calibration, DoseResponse, EditRequest, Measure, Report, Scan, StudyKind } from "@/lib/types";

import calibration from "./recorded/calibration.json";
import doseResponse from "./recorded/dose-response.json";
import reached from "./recorded/reached.json";
import report from "./recorded/report.json";
import scan from "./recorded/scan.json";
import { fail, json, withModel } from "./reply";
import { makeRun } from "./run-handlers";
import type { World } from "./world";

/** Numbers recorded from the Walker2d demo, rounded. */
export const RECORDED = {
  report: report as unknown as Report,
  dose_response: doseResponse as unknown as DoseResponse,
  calibration: calibration as unknown as Calibration,
  reached: reached as unknown as Calibration,
  scan: scan as unknown as Scan,
};

export const MEASURES: Measure[] = [
  { key: "return", title: "Return", unit: "reward", direction: "higher", formula: "Σ r_t" },
  { key: "speed", title: "Speed", unit: "m/s", direction: "higher", formula: "(x_T − x_0) / (T·dt)" },
];

/** A finished study of the walker, as the list of runs knows it. */
export function addStudy(world: World, modelId: string, kind: StudyKind, id = world.next("r")) {
  const { sentence } = RECORDED[kind];
  const run = makeRun(
    { env: "Walker2d-v5", episodes: 16, seed: 0 },
    { id, kind, model_id: modelId, state: "done", sentence, arm_names: [] },
  );
  world.runs.set(id, run);
  return run;
}

const PATHS: [path: string, kind: StudyKind][] = [
  ["dose_response", "dose_response"],
  ["calibrate", "calibration"],
  ["scan", "scan"],
];

/** Grows with the value, so that the warnings of the editor can be seen. */
function doseOf(edits: EditRequest[]) {
  const size = edits.reduce((sum, { op, value }) => sum + (op === "add" ? Math.abs(value ?? 0) : 0.02), 0);
  const displacement = edits.some((edit) => edit.unit === "action_displacement") ? size : size / 4;
  const level = displacement >= 0.2 ? "strong" : displacement >= 0.1 ? "warning" : "ok";
  return {
    alpha: edits.length === 1 ? displacement * 4 : null,
    feature_sds: edits.length === 1 ? displacement * 2 : null,
    share_of_max: null,
    activation_norm: displacement * 0.7,
    mahalanobis: displacement * 11,
    off_manifold_percentile: 51,
    action_displacement: displacement,
    acts: 1,
    level,
    message: `The action moves by ${(displacement * 100).toFixed(1)} % of its own variation.`,
  };
}

export function effectsHandlers(world: World): HttpHandler[] {
  return [
    http.get("*/env/:id/measures", () => json({ default: "speed", measures: MEASURES })),
    http.get("*/model/:id/reports", () => json({ reports: [] })),
    http.post("*/model/:id/report", () => json({ job_id: null, state: "done" }, 202)),
    http.post("*/model/:id/dose", async ({ request }) => {
      const { edits } = (await request.json()) as { edits: EditRequest[] };
      return json({ edits, dose: doseOf(edits) });
    }),
    ...PATHS.map(([path, kind]) =>
      http.post(`*/model/:id/${path}`, ({ params }) =>
        withModel(world, params, ({ model }) => {
          const { id } = addStudy(world, model.id, kind);
          return json({ job_id: "j_0", run_id: id, state: "done", reused: false, estimate_s: 12 }, 202);
        }),
      ),
    ),
    http.get("*/run/:id/effects", ({ params }) => {
      const run = world.runs.get(String(params.id));
      if (!run) return fail(404, `There is no run ${String(params.id)}.`, "not_found");
      const { kind } = run;
      const filled = kind === "comparison" ? {} : { [kind]: RECORDED[kind] };
      return json({
        run_id: run.id,
        kind,
        state: run.state,
        dose_response: null,
        scan: null,
        calibration: null,
        ...filled,
      });
    }),
  ];
}
