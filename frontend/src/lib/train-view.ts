/** What the training form says beyond its defaults, by the API's own names: a copied link restores it. */
export interface TrainView {
  env?: string;
  tap_index?: number;
  output_tap?: number;
  variant?: string[];
  d_latent?: number[];
  topk?: number[];
  seeds_of_each?: number;
  seed?: number;
  steps?: number;
  batch?: number;
  lr?: number;
  data_from?: string;
  num_traj?: number;
  max_timesteps?: number;
  noise_scale?: number;
  noisy_share?: number;
  pushed_share?: number;
  push_scale?: number;
  reset_share?: number;
  reset_scale?: number;
  eval_episodes?: number;
  cache_samples?: number;
}

const WHOLE = [
  "tap_index",
  "output_tap",
  "seeds_of_each",
  "seed",
  "steps",
  "batch",
  "num_traj",
  "max_timesteps",
  "eval_episodes",
  "cache_samples",
];
const REAL = ["lr", "noise_scale", "noisy_share", "pushed_share", "push_scale", "reset_share", "reset_scale"];

const isReal = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;
const isWhole = (value: unknown): value is number => isReal(value) && Number.isInteger(value);

function accepts(name: string, value: unknown): boolean {
  if (WHOLE.includes(name)) return isWhole(value);
  if (REAL.includes(name)) return isReal(value);
  if (name === "env" || name === "data_from") return typeof value === "string" && value !== "";
  if (!Array.isArray(value) || value.length === 0) return false;
  if (name === "variant") return value.every((each) => typeof each === "string");
  return (name === "d_latent" || name === "topk") && value.every((each) => isWhole(each) && each > 0);
}

/** Reads an address that anyone may have typed: what does not parse is dropped. */
export function parseTrain(value: unknown): TrainView | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const kept = Object.entries(value).filter(([name, each]) => accepts(name, each));
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}
