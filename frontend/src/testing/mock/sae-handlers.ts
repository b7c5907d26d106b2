import { http, type HttpHandler } from "msw";

import type { FeatureSort } from "@/lib/types";

import { interpretation } from "./features";
import { SAE, type StoredModel } from "./models";
import { fail, json, withModel } from "./reply";
import { DIRECTORIES, type World } from "./world";

function loadSae(stored: StoredModel, directory: string, tap: number | undefined) {
  const known = DIRECTORIES.find((each) => each.artifacts_dir === directory);
  if (!known?.complete)
    return fail(
      404,
      `SAE not found: artifacts/${directory}/walker_sae.pt does not exist. Run the demo script with --artifacts_dir ${directory} to make it.`,
      "not_found",
    );
  const tap_index = tap ?? known.tap_index ?? 3;
  const wrong = tap_index !== 3;
  const warning = {
    code: "tap_mismatch",
    message: `At tap ${tap_index} the SAE leaves 214 % of the variance unexplained. The cached activations come from tap 3, after GELU.`,
    fix: {
      label: "Use tap 3",
      method: "POST" as const,
      path: `/model/${stored.model.id}/load_sae`,
      body: { artifacts_dir: directory, tap_index: 3 },
    },
  };
  const best = { tap_index: 3, activation: "gelu", fvu: 0.0042, reproduction_error: 3.1e-13 };
  const sae = {
    ...SAE,
    artifacts_dir: directory,
    tap_index,
    stored_tap_index: known.tap_index,
    ...(wrong ? { fvu: 2.14, reproduction_error: 1.31, candidate: best, warnings: [warning] } : {}),
  };
  stored.model = { ...stored.model, sae, intervention: null };
  return json(sae);
}

/** As the real server does: the configuration of SAELens names no tap. */
function uploadSae(stored: StoredModel, form: FormData) {
  const tap = form.get("tap_index");
  if (form.has("config") && tap === null) {
    const message = "The SAE file names no tap_index, so one must be given. Taps that fit: 1, 3, 5.";
    return json({ error: { code: "invalid_input", message, fields: { tap_index: message } } }, 400);
  }
  const names = form.has("config") ? "sae_weights.safetensors, cfg.json" : "walker_sae.pt";
  const sae = { ...SAE, artifacts_dir: `upload: ${names}`, tap_index: tap === null ? 3 : Number(tap) };
  stored.model = { ...stored.model, sae, intervention: null };
  return json(sae, 201);
}

export function saeHandlers(world: World): HttpHandler[] {
  return [
    http.get("*/artifacts", () => json({ root: "artifacts", directories: DIRECTORIES })),
    http.get("*/model/:id/saes", ({ params }) =>
      withModel(world, params, ({ model: { sae } }) =>
        json({ saes: sae ? [sae] : [], active: sae?.id ?? null }),
      ),
    ),
    http.post("*/model/:id/load_sae", async ({ params, request }) => {
      const body = (await request.json()) as { artifacts_dir: string; tap_index?: number };
      return withModel(world, params, (stored) => loadSae(stored, body.artifacts_dir, body.tap_index));
    }),
    http.post("*/model/:id/sae", async ({ params, request }) => {
      const form = await request.formData();
      return withModel(world, params, (stored) => uploadSae(stored, form));
    }),
    http.post("*/model/:id/interpret_features", async ({ params, request }) => {
      const body = (await request.json()) as { target_dim: number; top_k: number; sort_by?: FeatureSort };
      return withModel(world, params, () =>
        json(interpretation(body.target_dim, body.top_k, body.sort_by ?? "abs_weight")),
      );
    }),
    http.post("*/model/:id/sae_perturb", async ({ params, request }) => {
      const { feature_idx, alpha } = (await request.json()) as { feature_idx: number; alpha: number };
      return withModel(world, params, (stored) => {
        const intervention = {
          feature_idx,
          alpha,
          decoder_norm: 0.534,
          edits: [{ feature_idx, op: "add" as const, value: alpha }],
        };
        stored.model = { ...stored.model, intervention };
        return json({
          ok: true,
          feature_idx,
          alpha,
          decoder_norm: 0.534,
          message: "Feature perturbation parameters stored",
          intervention,
        });
      });
    }),
    http.delete("*/model/:id/intervention", ({ params }) =>
      withModel(world, params, (stored) => {
        stored.model = { ...stored.model, intervention: null };
        return json({ intervention: null });
      }),
    ),
  ];
}
