// How the lines of a report are drawn: one colour and one dash each, the same in table and curves.
import { percent } from "@/lib/format";
import type { Report, ReportLine } from "@/lib/types";
import type { Level } from "@/ui/Verdict";

export interface LineStyle {
  color: string;
  dash?: string;
}

const STYLES: Record<string, LineStyle> = {
  baseline: { color: "var(--base)" },
  sae: { color: "var(--accent)" },
  pca_same_rank: { color: "var(--ink-2)", dash: "7 3" },
  pca_same_fvu: { color: "var(--ink-3)", dash: "7 3" },
  white_noise: { color: "var(--ink-2)", dash: "2 3" },
  random_decoder: { color: "var(--ink-2)", dash: "8 3 2 3" },
  data_points: { color: "var(--ink-3)", dash: "8 3 2 3" },
  neurons: { color: "var(--ink-3)", dash: "2 3" },
  mean_ablation: { color: "var(--ink-3)", dash: "1 5" },
};

export const styleOf = ({ name }: ReportLine): LineStyle => STYLES[name] ?? { color: "var(--ink-3)" };

/** Which step of the scale from faithful to open-loop only; unmeasured verdicts have no level. */
export function levelOf(verdict: string): Level {
  if (verdict === "faithful") return "good";
  if (verdict === "usable with caution") return "caution";
  return verdict === "open-loop only" ? "poor" : "none";
}

/** The one line that other panels show. */
export function shortVerdict(report: Report): string {
  const sae = report.lines.find((line) => line.name === "sae");
  const kept = sae?.return_recovered;
  const words = report.verdict.charAt(0).toUpperCase() + report.verdict.slice(1);
  return kept === null || kept === undefined ? words : `${words}: keeps ${percent(kept)} of the return`;
}

/** A number of the report's free-form `sae` object. */
export function figure(report: Report, name: string): number | null {
  const value = (report.sae as Record<string, unknown>)[name];
  return typeof value === "number" ? value : null;
}
