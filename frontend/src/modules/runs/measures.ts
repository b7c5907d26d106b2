import { fixed, interval } from "@/lib/format";
import type { Term } from "@/lib/glossary";
import { pair, type Comparison, type Interval, type RunArm } from "@/lib/types";

export interface Difference {
  value: number | null;
  ci: Interval | null;
}

export interface MeasureRow {
  label: string;
  unit?: string;
  term?: Term;
  value: (arm: RunArm) => number | null;
  detail: (arm: RunArm, decimals: number) => string;
  /** Absent where a paired difference would say nothing new. */
  difference?: (comparison: Comparison) => Difference;
}

/** The rows of the result table, in the order in which one reads them. */
export const MEASURE_ROWS: readonly MeasureRow[] = [
  {
    label: "Mean return",
    unit: "reward per episode",
    term: "return",
    value: (arm) => arm.returns.mean,
    detail: (arm, decimals) => interval(arm.returns.ci, decimals),
    difference: ({ return: r }) => ({ value: r.mean_difference, ci: pair(r.ci) }),
  },
  {
    label: "IQM of returns",
    unit: "middle half of the seeds",
    term: "iqm",
    value: (arm) => arm.returns.iqm,
    detail: (arm, decimals) => interval(arm.returns.iqm_ci, decimals),
    difference: ({ return: r }) => ({ value: r.iqm_difference, ci: pair(r.iqm_ci) }),
  },
  {
    label: "Episode length",
    unit: "steps",
    value: (arm) => arm.lengths.mean,
    detail: (arm) => interval(arm.lengths.ci, 0),
    difference: ({ length }) => ({ value: length.mean_difference, ci: pair(length.ci) }),
  },
  {
    label: "Median return",
    unit: "lowest … highest",
    value: (arm) => arm.returns.median,
    detail: (arm, decimals) => `${fixed(arm.returns.min, decimals)} … ${fixed(arm.returns.max, decimals)}`,
  },
];
