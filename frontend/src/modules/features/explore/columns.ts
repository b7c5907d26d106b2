import { fixed, percent, signed } from "@/lib/format";
import type { Term } from "@/lib/glossary";
import type { TableRow } from "@/lib/types";

export interface Column {
  /** What the server sorts by; null where it cannot. */
  sort: string | null;
  label: string;
  term?: Term;
  width: number;
  text: (row: TableRow) => string;
  /** Where the number is from, or why there is none. */
  hint?: (row: TableRow) => string;
  /** A bar beside the number: its size and the largest size in sight. */
  bar?: { value: (row: TableRow) => number | null; signed: boolean; whole?: number };
}

/** A sign for the size of the effect: the mean change while active has one, the RMS has none. */
const effect = ({ ablation_effect: size, ablation_mean: mean }: TableRow) =>
  size !== null && (mean ?? 0) < 0 ? -size : size;

/** Which push it was, in a few words. */
export const originOf = ({ source, dose, op, value }: NonNullable<TableRow["closed_loop"]>) =>
  `${SOURCES[source]}, ${dose === null ? `${op} ${signed(value, 2)}` : `δₐ ${signed(dose, 2)}`}`;

const SOURCES: Record<NonNullable<TableRow["closed_loop"]>["source"], string> = {
  comparison: "run",
  confirmation: "confirmed",
  calibration: "calibrated",
  dose_response: "dose",
  scan: "scan",
};

export const COLUMNS: readonly Column[] = [
  {
    sort: "ablation_effect",
    label: "Effect, SD",
    term: "ablation_effect",
    width: 126,
    text: (row) => fixed(row.ablation_effect, 3),
    bar: { value: effect, signed: true },
  },
  {
    sort: "standardized_weight",
    label: "Association",
    term: "standardized_weight",
    width: 126,
    text: (row) => signed(row.standardized_weight, 3),
    bar: { value: (row) => row.standardized_weight, signed: true },
  },
  {
    sort: "density",
    label: "Density",
    term: "density",
    width: 112,
    text: (row) => percent(row.density, 1),
    bar: { value: (row) => row.density, signed: false, whole: 1 },
  },
  {
    sort: "output_percentile",
    label: "Percentile",
    term: "output_percentile",
    width: 98,
    text: (row) => fixed(row.output_percentile, 1),
  },
  {
    sort: "local_gain",
    label: "Local gain",
    term: "local_gain",
    width: 98,
    text: (row) => signed(row.local_gain, 3),
  },
  {
    sort: "closed_loop",
    label: "Closed loop",
    term: "closed_loop",
    width: 122,
    text: ({ closed_loop: found }) => (found ? signed(found.mean_difference, 1) : ""),
    hint: ({ closed_loop: found, dead }) => (found ? originOf(found) : dead ? "never fires" : "not run"),
  },
  {
    sort: "q_value",
    label: "q",
    term: "q_value",
    width: 74,
    text: ({ q_value }) => (q_value !== null && q_value < 0.001 ? "< 0.001" : fixed(q_value, 3)),
  },
  {
    sort: "weight",
    label: "Ridge weight",
    term: "weight",
    width: 106,
    text: (row) => signed(row.weight, 3),
  },
];

export const ROW_HEIGHT = 40;

/** The largest size in a column among the rows that were read, so that its bars share one scale. */
export function scaleOf(rows: readonly TableRow[], { bar }: Column): number {
  if (!bar) return 1;
  return bar.whole ?? rows.reduce((most, row) => Math.max(most, Math.abs(bar.value(row) ?? 0)), 1e-12);
}
