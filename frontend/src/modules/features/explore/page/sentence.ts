// What the charts of one feature say, computed from what they draw.
import { fixed, num, percent, signed } from "@/lib/format";
import type { Dashboard } from "@/lib/types";

/** How rare strong activations are: where the middle of the active states lies on the way to the largest. */
export function histogramSentence({
  edges,
  counts,
}: Pick<Dashboard["histogram"], "edges" | "counts">): string {
  const active = counts.reduce((sum, each) => sum + each, 0);
  const most = edges.at(-1) ?? 0;
  if (active === 0 || most <= 0) return "It never fires on the cached states.";
  let seen = 0;
  const middle = counts.findIndex((n) => (seen += n) >= active / 2);
  const value = ((edges[middle] ?? 0) + (edges[middle + 1] ?? most)) / 2;
  const shape =
    value < most / 4
      ? "mostly weak, strong ones are rare"
      : value > most / 2
        ? "mostly strong"
        : "spread out";
  return `Its activations are ${shape}: half of the active states lie below about ${num(value, 2)}, the largest is ${num(most, 2)}.`;
}

/** Which actions it moves beyond the band of random directions, and which way. */
export function actionsSentence(actions: Dashboard["actions"]): string {
  const known = actions.flatMap(({ name, ablation_mean: mean, chance }) =>
    mean === null || chance === null ? [] : [{ name, mean, chance }],
  );
  if (known.length === 0) return "It never fires, so it moves no action.";
  const beyond = known
    .filter(({ mean, chance }) => Math.abs(mean) > chance)
    .sort((a, b) => Math.abs(b.mean) / b.chance - Math.abs(a.mean) / a.chance);
  const [first] = beyond;
  if (!first) return "It moves no action beyond the band that random directions of its length reach.";
  const times =
    first.chance > 0
      ? `, ${fixed(Math.abs(first.mean) / first.chance, 1)} times what 99 of 100 random directions reach`
      : "";
  return `It moves ${String(beyond.length)} of ${String(known.length)} actions beyond random directions: most clearly it ${first.mean > 0 ? "raises" : "lowers"} ${first.name} (${signed(first.mean, 3)}${times}).`;
}

/** Where in the stride it fires, or that it fires anywhere. */
export function phaseSentence({ mean, concentration, curve }: NonNullable<Dashboard["phase"]>): string {
  const peak = curve.reduce<number>((best, value, at) => (value > (curve[best] ?? 0) ? at : best), 0);
  const at = percent((peak + 0.5) / Math.max(1, curve.length), 0);
  if ((concentration ?? 0) < 0.2)
    return `It fires at any time of the stride; the highest mean lies at ${at}, hardly above the rest.`;
  const how = (concentration ?? 0) > 0.7 ? "at one moment" : "more at one time than at others";
  return `It fires ${how} of the stride: on average at phase ${fixed(mean, 2)}, highest at ${at} of the stride.`;
}
