import type { FeatureRow, FeatureSort, Interpretation } from "@/lib/types";

import { ENVS } from "./envs";
import { normal, seeded } from "./random";

const D_LATENT = 128;

function allRows(target: number): FeatureRow[] {
  const random = seeded(1000 + target);
  const shared = seeded(5);
  return Array.from({ length: D_LATENT }, (_, feature_idx) => {
    const dead = shared() < 0.04;
    const density = dead ? 0 : Math.min(0.97, Math.exp(normal(shared) * 0.9 - 2.3));
    const mean_active = dead ? 0 : 0.3 + shared() * 1.6;
    const decoder_norm = 0.4 + shared() * 0.7;
    const weight = dead ? 0 : normal(random) * 0.22 * (random() < 0.12 ? 3 : 1);
    const standardized_weight = weight * mean_active * Math.sqrt(density * (1 - density)) * 2.1;
    const sign = Math.sign(weight * 0.8 + normal(random) * 0.12);
    return {
      feature_idx,
      weight,
      abs_weight: Math.abs(weight),
      standardized_weight,
      marginal_r2: Math.min(0.9, standardized_weight ** 2 * 2.4 + random() * 0.03),
      density,
      ablation_effect: Math.abs(standardized_weight) * (0.7 + random() * 0.5),
      ablation_mean: sign * Math.abs(weight) * mean_active * 0.8,
      ablation_rms: Math.abs(weight) * 0.7,
      mean_active,
      max_activation: mean_active * 3.4,
      decoder_norm,
      local_gain: sign * Math.abs(weight) * 0.7,
      dead,
    };
  });
}

export function interpretation(target: number, top: number, sort: FeatureSort): Interpretation {
  const rows = allRows(target);
  const size = (row: FeatureRow) => Math.abs(row[sort] ?? 0);
  const features = [...rows].sort((a, b) => size(b) - size(a)).slice(0, top);
  return {
    features,
    target_dim: target,
    target_name: ENVS[0]!.actions[target]?.name ?? `action ${target}`,
    n_samples: 20_000,
    r2: 0.978,
    cv_r2: 0.974,
    ridge_lambda: 0.021,
    sort_by: sort,
    d_latent: D_LATENT,
    dead_features: rows.filter((row) => row.dead).length,
  };
}
