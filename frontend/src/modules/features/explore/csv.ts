import { csvLines } from "@/lib/csv";
import type { TableRow } from "@/lib/types";

const NUMBERS = [
  "ablation_effect", "ablation_mean", "local_gain", "output_percentile", "output_percentile_isotropic",
  "standardized_weight", "marginal_r2", "unique_r2", "p_value", "q_value", "weight", "density", "mean_active",
  "max_activation", "decoder_norm", "auroc",
] as const; // prettier-ignore

const CLOSED = ["run_id", "source", "op", "value", "dose", "mean_difference", "p_value"] as const;

export function toCsv(rows: readonly TableRow[], target: string): string {
  const head = [
    "feature_idx", "name", "own_name", "tags", "badges", "disagreement", "target", ...NUMBERS,
    ...CLOSED.map((name) => `closed_loop_${name}`),
  ]; // prettier-ignore
  const lines = rows.map((row) => [
    row.feature_idx,
    row.name,
    row.note.name,
    row.note.tags.join(" "),
    row.badges.join(" "),
    row.disagreement,
    target,
    ...NUMBERS.map((name) => row[name]),
    ...CLOSED.map((name) => row.closed_loop?.[name]),
  ]);
  return csvLines([head, ...lines]);
}
