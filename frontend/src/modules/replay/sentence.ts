// What a signal over time says, computed from what it draws.
import { num, percent } from "@/lib/format";

export interface Signal {
  name: string;
  values: Float32Array;
}

const averageOf = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean of every arm while it lasts, and where the first and the last are furthest apart. */
export function signalSentence(lines: readonly Signal[]): string {
  const known = lines.filter(({ values }) => values.length > 0);
  if (known.length === 0) return "Nothing was recorded.";
  const means = known.map(({ name, values }) => `${name} ${num(averageOf(values), 3)}`).join(", ");
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last || first === last) return `On average ${means}.`;
  const shared = Math.min(first.values.length, last.values.length);
  const gap = (step: number) => Math.abs((last.values[step] ?? 0) - (first.values[step] ?? 0));
  let at = 0;
  for (let step = 1; step < shared; step++) if (gap(step) > gap(at)) at = step;
  const apart =
    gap(at) === 0
      ? `${first.name} and ${last.name} are the same at every shared step`
      : `${first.name} and ${last.name} are furthest apart at step ${String(at)}, by ${num(gap(at), 3)}`;
  return `On average ${means}; ${apart}.`;
}

/** Which share of its steps each arm is above zero: on the ground, of a foot. */
export function shareSentence(lines: readonly Signal[]): string {
  const known = lines.filter(({ values }) => values.length > 0);
  if (known.length === 0) return "Nothing was recorded.";
  const share = (values: Float32Array) => values.filter((value) => value > 0).length / values.length;
  return `${known.map(({ name, values }) => `${name} ${percent(share(values), 0)}`).join(", ")} of its steps.`;
}
