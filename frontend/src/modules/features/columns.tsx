import { fixed, percent, signed } from "@/lib/format";
import type { Term } from "@/lib/glossary";
import type { FeatureRow, FeatureSort } from "@/lib/types";

export interface Measure {
  /** Field of the row that is shown. */
  field: "weight" | "standardized_weight" | "marginal_r2" | "density" | "ablation_effect";
  /** What the server sorts by for this column. */
  sort: FeatureSort;
  label: string;
  term: Term;
  /** Signed values grow from the middle; shares grow from the left. */
  signed: boolean;
  text: (value: number | null) => string;
  /** Where the sign of the bar comes from, when the number itself has none. */
  direction?: (row: FeatureRow) => number | null;
}

export const MEASURES: readonly Measure[] = [
  {
    field: "weight",
    sort: "abs_weight",
    label: "Weight",
    term: "weight",
    signed: true,
    text: (v) => signed(v, 3),
  },
  {
    field: "standardized_weight",
    sort: "standardized_weight",
    label: "Std. weight",
    term: "standardized_weight",
    signed: true,
    text: (v) => signed(v, 2),
  },
  {
    field: "marginal_r2",
    sort: "marginal_r2",
    label: "Marginal R²",
    term: "marginal_r2",
    signed: false,
    text: (v) => fixed(v, 3),
  },
  {
    field: "density",
    sort: "density",
    label: "Density",
    term: "density",
    signed: false,
    text: (v) => percent(v, 1),
  },
  {
    field: "ablation_effect",
    sort: "ablation_effect",
    label: "Ablation, SD",
    term: "ablation_effect",
    signed: true,
    text: (v) => fixed(v, 3),
    direction: (row) => row.ablation_mean,
  },
];

/** What the bar shows: the number, with its direction where that is kept apart. */
export function barValue(row: FeatureRow, { field, direction }: Measure): number | null {
  const value = row[field];
  return value !== null && direction && (direction(row) ?? 0) < 0 ? -value : value;
}

/** The largest size in a column, so that its bars share one scale. Density is a share of all states: its scale is fixed. */
export function scaleOf(rows: readonly FeatureRow[], { field }: Measure): number {
  if (field === "density") return 1;
  return Math.max(1e-12, ...rows.map((row) => Math.abs(row[field] ?? 0)));
}
