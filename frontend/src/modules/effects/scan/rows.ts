// Order and marks of the scan's table.
import type { Scan, ScanRow } from "@/lib/types";

export const LEVEL = 0.05;

export type ScanSort = "q_value" | "effect" | "offline_rank" | "fall_rate";

export const isCandidate = ({ q_value }: ScanRow) => q_value !== null && q_value < LEVEL;

const KEYS: Record<ScanSort, (row: ScanRow) => number> = {
  q_value: (row) => row.q_value ?? Infinity,
  effect: (row) => -Math.abs(row.mean_difference ?? 0),
  offline_rank: (row) => row.offline_rank,
  fall_rate: (row) => -(row.fall_rate ?? 0),
};

/** Best first; equal ones by size of effect, so that the order is the same each time. */
export function sortRows(rows: readonly ScanRow[], sort: ScanSort): ScanRow[] {
  const key = KEYS[sort];
  return [...rows].sort((a, b) => key(a) - key(b) || KEYS.effect(a) - KEYS.effect(b));
}

/** What became of a push: confirmed on fresh seeds, tried again in vain, a mere candidate, or nothing. */
export function fate(row: ScanRow, scan: Scan): "confirmed" | "not confirmed" | "candidate" | null {
  const again = scan.confirmations.find(
    (each) => each.feature_idx === row.feature_idx && Math.sign(each.dose ?? 0) === Math.sign(row.dose ?? 0),
  );
  if (again) return again.confirmed ? "confirmed" : "not confirmed";
  return isCandidate(row) ? "candidate" : null;
}
