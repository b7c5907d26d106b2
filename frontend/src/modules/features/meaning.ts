// Says what a dose of α means before it is run, from measured numbers only.
import { fixed, num, percent } from "@/lib/format";
import type { FeatureRow } from "@/lib/types";

/** α in units of the feature's own usual activation, where the feature is ever active. */
export function timesUsual(alpha: number, row: FeatureRow): number | null {
  return row.mean_active !== null && row.mean_active > 0 ? Math.abs(alpha) / row.mean_active : null;
}

export function strengthSentence(alpha: number, row: FeatureRow): string | null {
  if (row.dead) return "This feature is active in none of the cached states, so no usual strength is known.";
  const times = timesUsual(alpha, row);
  if (times === null || row.mean_active === null) return null;
  const usual = `Where it is active (${percent(row.density, 1)} of states) its mean is ${num(row.mean_active, 2)}`;
  return `${usual}, so this push is ${fixed(times, times < 10 ? 1 : 0)} times its usual strength, at every step.`;
}
