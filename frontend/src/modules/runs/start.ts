import type { Run } from "@/lib/types";

/** Where the episodes began, in words; nothing for the usual reset. */
export function startText({ kind, noise_scale: scale, run_id, arm, seed, step }: Run["start"]): string {
  if (kind === "cached") return "started from states of the cached data";
  if (kind === "state") return "started from given states";
  if (kind === "reset") return scale === undefined || scale === 1 ? "" : `reset noise × ${scale}`;
  const moment = [seed === undefined ? "" : `seed ${seed}`, step === undefined ? "" : `step ${step}`];
  return [`started from ${arm ?? "baseline"} of run ${run_id ?? ""}`, ...moment.filter(Boolean)].join(", ");
}
