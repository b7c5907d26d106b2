// What the charts of a study say, computed from what they draw.
import { effectDecimals, interval, num, percent, plural, signed } from "@/lib/format";
import { pair, type Calibration, type DoseResponse, type Scan } from "@/lib/types";

import { LEVEL } from "./scan/rows";

const lower = (text: string) => text.toLowerCase();

/** Which way the dose turns the measure, by how much at most, and whether that leaves the random directions. */
export function doseSentence({
  points,
  measure,
  feature_idx,
}: Pick<DoseResponse, "points" | "measure" | "feature_idx">): string {
  const known = points.flatMap((point) =>
    point.mean_difference === null ? [] : [{ ...point, size: point.mean_difference }],
  );
  if (known.length === 0)
    return `No dose of feature ${feature_idx} has a ${lower(measure.title)} to compare.`;
  if (known.every(({ band }) => pair(band) === null))
    return `Too few seeds for a band: whether the change of ${lower(measure.title)} differs from zero is not known.`;
  const clear = known.filter(({ band }) => leavesZero(band));
  if (clear.length === 0)
    return `At no dose is the change of ${lower(measure.title)} distinguishable from zero.`;
  const most = clear.reduce((a, b) => (Math.abs(b.size) > Math.abs(a.size) ? b : a));
  const decimals = effectDecimals(known.map(({ size }) => size));
  const tested = known.filter(({ outside_random }) => outside_random !== null);
  const outside = tested.filter(({ outside_random }) => outside_random).length;
  const random =
    tested.length === 0
      ? "random directions were not played"
      : outside === 0
        ? "every dose stays inside the band of random directions"
        : `${outside} of ${plural(tested.length, "dose")} lie outside the band of random directions`;
  return `Feature ${feature_idx} changes ${lower(measure.title)} most at δₐ ${signed(most.dose, 2)}: ${signed(most.size, decimals)}\u00a0${measure.unit}, band ${interval(pair(most.band), decimals, true)}; ${random}.`;
}

const leavesZero = (ci: readonly (number | null)[] | null) => {
  const band = pair(ci);
  return band !== null && (band[0] > 0 || band[1] < 0);
};

/** From which dose it falls more than at zero. */
export function fallSentence({
  points,
  baseline,
  collapse,
}: Pick<DoseResponse, "points" | "baseline" | "collapse">): string {
  const rates = points.flatMap(({ fall_rate }) => (fall_rate === null ? [] : [fall_rate]));
  const at = `without a push it falls in ${percent(baseline.fall_rate, 0)} of the episodes`;
  if (rates.length === 0) return `Falls are not counted here.`;
  const worst = Math.max(...rates);
  const ends = [
    collapse.negative === null ? null : `below δₐ −${num(Math.abs(collapse.negative), 2)}`,
    collapse.positive === null ? null : `above δₐ +${num(Math.abs(collapse.positive), 2)}`,
  ].filter((each) => each !== null);
  if (ends.length === 0)
    return `No dose adds more than 20 points of falls: at most ${percent(worst, 0)}; ${at}.`;
  return `Falls rise by more than 20 points ${ends.join(" and ")}, up to ${percent(worst, 0)}; ${at}.`;
}

/** How many pushes stand out, the strongest of them, and what became of them on fresh seeds. */
export function scanSentence({ rows, measure, candidates, confirmations }: Scan): string {
  const tests = rows.filter(({ q_value }) => q_value !== null).length;
  const found = rows.filter(({ q_value }) => q_value !== null && q_value < LEVEL);
  const [first] = [...found].sort(
    (a, b) => Math.abs(b.mean_difference ?? 0) - Math.abs(a.mean_difference ?? 0),
  );
  if (!first)
    return `None of ${plural(tests, "push", "pushes")} changes ${lower(measure.title)} at q < ${LEVEL}: nothing is distinguishable from chance.`;
  const confirmed = confirmations.filter((each) => each.confirmed).length;
  const decimals = effectDecimals([first.mean_difference ?? 0]);
  return `${candidates} of ${plural(tests, "push", "pushes")} lie at q < ${LEVEL}; the largest is feature ${first.feature_idx} at δₐ ${signed(first.dose, 2)}, ${signed(first.mean_difference, decimals)}\u00a0${measure.unit}; ${confirmed} of ${plural(confirmations.length, "confirmation")} on fresh seeds held.`;
}

/** How far it may be pushed each way, and which dose was chosen. */
export function safeSentence({
  safe_range: { negative, positive },
  dose,
  ladder,
}: Pick<Calibration, "safe_range" | "dose" | "ladder">): string {
  const tried = plural(ladder.length, "dose");
  const range =
    negative === null && positive === null
      ? `None of the ${tried} tried is safe`
      : `Of ${tried} tried, those from ${negative === null ? "0" : `−${num(negative, 2)}`} to ${positive === null ? "0" : `+${num(positive, 2)}`} are safe`;
  const chosen = dose === null ? "no dose reached what was wanted" : `δₐ ${signed(dose, 3)} was chosen`;
  return `${range}; ${chosen}.`;
}
