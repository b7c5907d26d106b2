import type { SweepRequest } from "@/lib/types";
import type { TrainView } from "@/lib/train-view";

/** Shares of the episodes, as the form shows them; what they leave is the policy left alone. */
export const SHARES = { noisy_share: 0.6, pushed_share: 0, reset_share: 0 };
export const DEFAULTS = {
  seeds_of_each: 3,
  seed: 0,
  num_traj: 100,
  eval_episodes: 20,
  cache_samples: 30_000,
  ...SHARES,
};
export const TRANSCODERS = ["transcoder", "skip_transcoder"];
export const VARIANTS = ["topk", "batchtopk", "matryoshka", "jumprelu", "gated", "relu", ...TRANSCODERS];

/** Whether something is asked for that writes another tap than it reads. */
export const transcodes = (form: TrainView): boolean =>
  form.variant?.some((each) => TRANSCODERS.includes(each)) ?? false;

/** Share of undisturbed episodes; negative when the others ask for more than there is. */
export function clean(form: TrainView): number {
  const left =
    1 -
    (Object.keys(SHARES) as (keyof typeof SHARES)[])
      .map((name) => form[name] ?? SHARES[name])
      .reduce((sum, share) => sum + share, 0);
  return Math.round(left * 1000) / 1000;
}

/** "4, 8, 16" as numbers; null for anything else, undefined for nothing. */
export function parseList(text: string): number[] | null | undefined {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== "");
  if (parts.length === 0) return undefined;
  const found = parts.map(Number);
  return found.every((each) => Number.isInteger(each) && each > 0) ? [...new Set(found)] : null;
}

/** What has to be filled in before anything can be planned. */
export function missing(form: TrainView, env: string | null): string | undefined {
  if (env === null || clean(form) < 0) return "Choose an environment, and shares that fit into 100\u00a0%.";
  if (transcodes(form) && form.output_tap === undefined)
    return "A transcoder writes another tap than it reads: name a later one under Tap written.";
  return undefined;
}

/** What is sent; null while it cannot be. Only what was set, so that the server decides the rest. */
export function requestOf(form: TrainView, env: string | null, tap: number): SweepRequest | null {
  if (env === null || missing(form, env) !== undefined) return null;
  const { output_tap, ...rest } = form;
  const output = transcodes(form) ? { output_tap } : {};
  return { ...rest, ...output, env, tap_index: form.tap_index ?? tap } as SweepRequest;
}

/** The form with one value changed; undefined puts its default back. */
export function changed<K extends keyof TrainView>(form: TrainView, name: K, value: TrainView[K]): TrainView {
  const rest = Object.fromEntries(Object.entries(form).filter(([key]) => key !== name)) as TrainView;
  return value === undefined ? rest : { ...rest, [name]: value };
}
