import type { Run, RunRequest } from "@/lib/types";

/** What the form holds. */
export interface StartDraft {
  kind: "reset" | "noise" | "cached" | "run";
  scale: number | string;
  run: string;
  step: number | string;
}

export const RESET: StartDraft = { kind: "reset", scale: 3, run: "", step: "" };

/** What is sent; nothing for the usual reset. */
export function startRequest({ kind, scale, run, step }: StartDraft): Pick<RunRequest, "start"> {
  if (kind === "reset") return {};
  if (kind === "noise") return { start: { kind: "reset", noise_scale: Number(scale) } };
  if (kind === "cached") return { start: { kind } };
  return { start: { kind, run_id: run, ...(step === "" ? {} : { step: Number(step) }) } };
}

/** Where the episodes began, in words; nothing for the usual reset. */
export function startText({ kind, noise_scale: scale, run_id, arm, seed, step }: Run["start"]): string {
  if (kind === "cached") return "started from states of the cached data";
  if (kind === "state") return "started from given states";
  if (kind === "reset") return scale === undefined || scale === 1 ? "" : `reset noise × ${scale}`;
  const moment = [seed === undefined ? "" : `seed ${seed}`, step === undefined ? "" : `step ${step}`];
  return [`started from ${arm ?? "baseline"} of run ${run_id ?? ""}`, ...moment.filter(Boolean)].join(", ");
}
