// What the charts of a run say, computed from what they draw.
import { effectDecimals, interval, percent, plural, signed } from "@/lib/format";
import { pair, type Interval, type Run } from "@/lib/types";

import { BASELINE } from "./arms";
import { INFERENTIAL } from "./levels";
import type { Series } from "./pairs";
import type { Survivals } from "./survival";

/** The paired difference of an arm from the baseline in one measure, with its interval where one was computed. */
function intervalOf(run: Run, key: string, arm: string): Interval | null {
  const compared = run.comparisons.find((each) => each.arm === arm);
  if (key === "return") return pair(compared?.return.ci ?? null);
  if (key === "length") return pair(compared?.length.ci ?? null);
  const measures = run.behaviour?.comparisons.find((each) => each.arm === arm)?.measures;
  return pair(measures?.find((each) => each.key === key)?.ci ?? null);
}

function differences(series: Series, base: number, arm: number): number[] {
  return (series.values[arm] ?? []).flatMap((value, seed) => {
    const before = series.values[base]?.[seed];
    return value === null || before === null || before === undefined ? [] : [value - before];
  });
}

/** "steered lowered it in 15 of 16 pairs: −812 on average, 95 % interval [−950, −640]." */
export function pairedSentence(run: Run, series: Series): string {
  const base = run.arms.findIndex(({ name }) => name === BASELINE);
  const others = run.arms.flatMap((arm, index) => (index === base ? [] : [{ name: arm.name, index }]));
  if (others.length === 0) return "One arm alone: there is nothing to pair it with.";
  return others
    .slice(0, 2)
    .map(({ name, index }) => {
      const d = differences(series, base, index);
      if (d.length === 0) return `${name}: no pair has this measure in both arms.`;
      if (d.every((each) => each === 0)) return `${name} changed it in none of ${plural(d.length, "pair")}.`;
      const mean = d.reduce((sum, each) => sum + each, 0) / d.length;
      const decimals = effectDecimals(d);
      const alike = d.filter((each) => Math.sign(each) === Math.sign(mean)).length;
      const ci = intervalOf(run, series.key, name);
      const size = `${signed(mean, decimals)}${series.unit ? ` ${series.unit}` : ""} on average`;
      if (d.length < INFERENTIAL)
        return `${name}: ${size} over ${plural(d.length, "pair")}, too few to conclude anything.`;
      if (!ci) return `${name}: ${size} over ${plural(d.length, "pair")}, without an interval.`;
      if (ci[0] <= 0 && ci[1] >= 0)
        return `${name} is not distinguishable from ${BASELINE}: ${size}, 95\u00a0% interval ${interval(ci, decimals, true)}.`;
      return `${name} ${mean > 0 ? "raised" : "lowered"} it in ${alike} of ${plural(d.length, "pair")}: ${size}, 95\u00a0% interval ${interval(ci, decimals, true)}.`;
    })
    .join(" ")
    .concat(others.length > 2 ? ` ${others.length - 2} more arms are in the table.` : "");
}

/** How many episodes lasted, and where the first arm that loses half of them does. */
export function survivalSentence(run: Pick<Run, "arms" | "max_steps">, { steps, shares }: Survivals): string {
  const parts = run.arms.slice(0, 3).map(({ name }, arm) => {
    const curve = shares[arm] ?? [];
    const half = curve.findIndex((share) => share <= 0.5);
    const end = curve.at(-1) ?? 0;
    const lost = half > 0 ? `, half of them are over by step ${String(steps[half])}` : "";
    return `${name} ${percent(end, 0)}${lost}`;
  });
  return `Still going at step ${String(steps.at(-1) ?? run.max_steps)}: ${parts.join("; ")}.`;
}
