import type { Comparison, Episode, Run, RunArm } from "@/lib/types";

import { normal, seeded } from "./random";

const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

interface Stats {
  mean: number;
  ci: [number, number] | null;
  iqm: number;
  iqm_ci: [number, number] | null;
  median: number;
  min: number;
  max: number;
  sd: number;
}

function stats(values: number[]): Stats {
  const sorted = [...values].sort((a, b) => a - b);
  const m = mean(values);
  const sd = Math.sqrt(values.reduce((sum, v) => sum + (v - m) ** 2, 0) / Math.max(1, values.length - 1));
  const half = (1.96 * sd) / Math.sqrt(values.length);
  const middle = sorted.slice(Math.floor(sorted.length / 4), Math.ceil((3 * sorted.length) / 4));
  const around = (v: number, h: number): [number, number] | null =>
    values.length < 4 ? null : [v - h, v + h];
  return {
    mean: m,
    ci: around(m, half),
    iqm: mean(middle),
    iqm_ci: around(mean(middle), half * 0.7),
    median: sorted[Math.floor(sorted.length / 2)]!,
    min: sorted[0]!,
    max: sorted.at(-1)!,
    sd,
  };
}

/** Made-up episodes: a push of either sign costs return, and a large one makes the walker fall. */
function episode(seed: number, alpha: number, maxSteps: number): Episode & { return: number } {
  const random = seeded(seed * 7919 + 13);
  const base = 0.97 + 0.05 * normal(random);
  const push = seeded(Math.round(seed * 31 + alpha * 1000 + 500_000));
  const dose = Math.abs(alpha) / 5;
  const fell = alpha === 0 ? random() < 0.04 : push() < dose * (alpha > 0 ? 1.3 : 0.7);
  const length = fell ? Math.round(maxSteps * (0.25 + 0.6 * push())) : maxSteps;
  const pace = base * (1 - dose * 0.25 * (alpha > 0 ? 1 : 0.4)) + (alpha === 0 ? 0 : 0.03 * normal(push));
  return {
    seed,
    return: Number((4.35 * length * pace).toFixed(4)),
    length,
    fell,
    terminated: fell,
    truncated: !fell,
  };
}

type Played = Omit<RunArm, "returns" | "fall_rate" | "episodes"> & {
  returns: Stats;
  fall_rate: number;
  episodes: (Episode & { return: number })[];
};

function arm(name: string, alpha: number | null, feature: number | null, run: Run): Played {
  const episodes = run.seeds.map((seed) => episode(seed, alpha ?? 0, run.max_steps));
  const fell = episodes.filter((each) => each.fell).length / episodes.length;
  return {
    name,
    edits: alpha === null || feature === null ? [] : [{ feature_idx: feature, op: "add", value: alpha }],
    weights: "original",
    returns: stats(episodes.map((each) => each.return)),
    lengths: stats(episodes.map((each) => each.length)),
    fall_rate: fell,
    fall_ci: [Math.max(0, fell - 0.16), Math.min(1, fell + 0.19)],
    saturated_fraction: 0.11 + Math.abs(alpha ?? 0) * 0.03,
    episodes,
  };
}

function compare(base: Played, other: Played): Comparison {
  const d = base.episodes.map((each, i) => other.episodes[i]!.return - each.return);
  const lengths = base.episodes.map((each, i) => other.episodes[i]!.length - each.length);
  const s = stats(d);
  const l = stats(lengths);
  const identical = d.every((v) => v === 0);
  const clear = s.ci !== null && s.ci[0] * s.ci[1] > 0;
  return {
    arm: other.name,
    versus: base.name,
    n: d.length,
    return: {
      mean_difference: s.mean,
      ci: s.ci,
      iqm_difference: s.iqm,
      iqm_ci: s.iqm_ci,
      d_z: s.sd ? s.mean / s.sd : null,
      p_value: identical ? 1 : clear ? 0.0004 : 0.31,
      p_adjusted: 0.0004,
      variance_ratio: 1.4,
      probability_of_improvement: d.filter((v) => v > 0).length / d.length,
    },
    length: { mean_difference: l.mean, ci: l.ci },
    falls: { difference: other.fall_rate - base.fall_rate, p_value: 0.07 },
    identical,
    inferential: d.length >= 6,
    sentence: identical
      ? `“${other.name}” gave exactly the baseline numbers on ${d.length} seeds.`
      : `“${other.name}” ${clear ? "lowered the return" : "is not distinguishable from zero"}: ${s.mean.toFixed(0).replace("-", "−")} in mean return (${base.returns.mean.toFixed(0)} → ${other.returns.mean.toFixed(0)}), 95 % interval ${s.ci?.map((v) => v.toFixed(0).replace("-", "−")).join(" to ") ?? "none"}, p = 0.0004, ${d.length} seeds; it fell in ${other.episodes.filter((e) => e.fell).length} of ${d.length} episodes, baseline in ${base.episodes.filter((e) => e.fell).length}.`,
  };
}

export function finishRun(run: Run, intervention: { feature_idx: number; alpha: number | null } | null): Run {
  const baseline = arm("baseline", null, null, run);
  const others = intervention ? [arm("intervention", intervention.alpha, intervention.feature_idx, run)] : [];
  const comparisons = others.map((other) => compare(baseline, other));
  return {
    ...run,
    state: "done",
    finished_at: new Date().toISOString(),
    arms: [baseline, ...others],
    comparisons,
    sentence: comparisons[0]?.sentence ?? `“baseline” alone on ${run.seeds.length} seeds.`,
    provenance: {
      model_sha256: "c0ffee",
      weights_sha256: "c0ffee",
      sae_sha256: "5ae5ae",
      tap_index: 3,
      versions: { mujoco: "3.3.0", numpy: "2.4.0" },
      arithmetic: "float64",
      imported_at: null,
    },
  };
}
