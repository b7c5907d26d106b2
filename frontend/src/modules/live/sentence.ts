// What the charts of live steering say, computed from what they draw.
import { fixed, num, plural, signed } from "@/lib/format";

import type { SweepPoint } from "./sweep";

export interface LiveLine {
  name: string;
  values: readonly number[];
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** How every arm stands now, and its mean over the steps on show. */
export function liveSentence(lines: readonly LiveLine[], first: number): string {
  const parts = lines.flatMap(({ name, values }) => {
    const shown = values.slice(Math.max(0, first));
    return shown.length === 0 ? [] : [`${name} ${num(shown.at(-1), 3)} (mean ${num(mean(shown), 3)})`];
  });
  return parts.length === 0 ? "No step yet." : `Now ${parts.join(", ")}.`;
}

/** At which dose the preview pays most, how far that is from no dose, and from where on it falls. */
export function sweepSentence(points: readonly SweepPoint[], scale: number, starts: number): string {
  const known = points.filter(({ returns }) => returns.length > 0);
  const zero = known.find(({ factor }) => factor === 0);
  if (known.length === 0) return "No dose has been played yet.";
  const best = known.reduce((a, b) => (mean(b.returns) > mean(a.returns) ? b : a));
  const dose = fixed(best.factor * scale, 2);
  const falls = known.filter((each) => each.falls > (zero?.falls ?? 0)).length;
  const more = falls > 0 ? `${plural(falls, "dose")} fell more often than none` : "no dose fell more often";
  if (!zero)
    return `Highest mean return at ${dose}: ${num(mean(best.returns), 3)} over ${plural(starts, "start")}.`;
  const gain = mean(best.returns) - mean(zero.returns);
  const where =
    best === zero || gain === 0
      ? `No dose pays more than none, ${num(mean(zero.returns), 3)} on average`
      : `Highest mean return at ${dose}: ${signed(gain, 0)} beside no dose`;
  return `${where}, over ${plural(starts, "start")} and without an interval; ${more}.`;
}

/** One decimal, so that it does not flicker; more where all of it lies below one. */
export const returnText = (total: number) => fixed(total, belowOne(total) ? 4 : 1);

export const meanText = (mean: number) => fixed(mean, belowOne(mean) ? 4 : 0);

const belowOne = (value: number) => value !== 0 && Math.abs(value) < 1;
