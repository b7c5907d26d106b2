// What the figures of a training say, computed from what they draw.
import { GAP, interval, num, percent, plural } from "@/lib/format";
import { pair, type Sweep } from "@/lib/types";

import { points, type TrainingRun } from "./runs";

interface Shown {
  name: string;
  /** Kept as a share of the policy's return; everything else is better the lower it is. */
  gate?: number;
}

export const isShare = (name: string) => name === "return_recovered" || name === "dead_fraction";
export const shownValue = (name: string, value: number) => (isShare(name) ? percent(value) : num(value, 3));

interface Placed {
  label: string;
  value: number;
}

function bestOf(name: string, all: readonly Placed[]): Placed | undefined {
  const sign = name === "return_recovered" ? 1 : -1;
  return all.reduce<Placed | undefined>((a, b) => (a && sign * a.value >= sign * b.value ? a : b), undefined);
}

function passing({ name, gate }: Shown, all: readonly Placed[]): string {
  if (gate === undefined) return "";
  const passed = all.filter(({ value }) => (name === "return_recovered" ? value >= gate : value <= gate));
  return `; ${String(passed.length)} of ${String(all.length)} reach the gate of ${shownValue(name, gate)}`;
}

/** Where the trainings stand at their last check, or so far while some still run, and whether the best of them is still getting better. */
export function curveSentence(curve: Shown, runs: readonly TrainingRun[]): string {
  const ends = runs.flatMap((run) => {
    const line = points(run, curve.name);
    const last = line.at(-1);
    return last ? [{ label: run.label, value: last[1], line }] : [];
  });
  const best = bestOf(curve.name, ends);
  if (!best) return "Nothing measured yet.";
  const line = ends.find(({ label }) => label === best.label)?.line ?? [];
  const half = line.find(([step]) => step >= (line.at(-1)?.[0] ?? 0) / 2)?.[1];
  const moved = half === undefined ? 0 : Math.abs(best.value - half);
  const still = line.length < 3 ? "" : moved > 0.05 * Math.abs(half ?? 0) ? ", still moving" : ", settled";
  const word =
    curve.name === "l0" ? "Fewest at once" : curve.name === "return_recovered" ? "Highest" : "Lowest";
  const going = runs.some(({ cell }) => cell.state === "training" || cell.state === "waiting");
  return `${word} ${going ? "so far" : "at the end"}: ${best.label}, ${shownValue(curve.name, best.value)}${still}${passing(curve, ends)}.`;
}

export interface Point extends Placed {
  l0: number;
}

/** What the sparsest and the densest SAE reach, and how many lie beyond the gate. */
export function frontierSentence(measure: Shown, placed: readonly Point[]): string {
  if (placed.length === 0) return "Nothing measured yet.";
  const sorted = [...placed].sort((a, b) => a.l0 - b.l0);
  const [sparsest, densest] = [sorted[0], sorted.at(-1)];
  const at = (each: Point | undefined) =>
    each ? `${shownValue(measure.name, each.value)} at L0 ${num(each.l0, 3)}` : "";
  const from =
    sparsest === densest
      ? `One SAE: ${at(sparsest)}`
      : `From ${at(sparsest)} to ${at(densest)} over ${plural(placed.length, "SAE")}`;
  return `${from}${passing(measure, placed)}.`;
}

/** What the configuration that was kept has, with its interval. */
export function keptSentence({ configurations, recommended }: Pick<Sweep, "configurations" | "recommended">) {
  const kept =
    recommended === null ? undefined : configurations.find(({ cells }) => cells.includes(recommended));
  if (!kept) return "";
  const ci = pair(kept.interval);
  return ` Ringed: the one to keep, k ${String(kept.k)} of ${String(kept.d_latent)}${ci ? `, which recovers between ${percent(ci[0])} and ${percent(ci[1])} of the return` : ""}.`;
}

/** A transcoder beside the map that it has to beat; nothing where there are only SAEs. */
export function affineSentence({ cells }: Pick<Sweep, "cells">): string {
  const measured = cells.flatMap(({ affine_map: map, fvu, k, variant }) =>
    map?.fvu == null || fvu == null ? [] : [{ affine: map.fvu, fvu, name: `${variant}, k ${String(k)}` }],
  );
  const best = measured.reduce<(typeof measured)[number] | undefined>(
    (a, b) => (a && a.fvu <= b.fvu ? a : b),
    undefined,
  );
  if (!best) return "";
  const beats = best.fvu < best.affine ? "less than" : "no less than";
  return `The best transcoder (${best.name}) leaves ${num(best.fvu)} of the variance unexplained, ${beats} the ${num(best.affine)} of the best affine map between the two taps, which has no latents.`;
}

/** Bounds of the twelve steps of density: three to a decade, from 0.01 % to 100 %. */
const edge = (index: number) => 1e-4 * 10 ** (index / 3);

/** How often the middle latent fires, and how many never do. */
export function densitySentence(density: TrainingRun["density"]): string {
  const counts = density?.counts ?? [];
  const alive = counts.reduce((sum, each) => sum + each, 0);
  if (alive === 0) return "No latent fires yet.";
  let seen = 0;
  const middle = counts.findIndex((n) => (seen += n) >= alive / 2);
  const silent = density?.silent ?? 0;
  return `Half of the latents fire in less than about ${num(edge(middle + 1) * 100, 2)}${GAP}% of the states; ${silent > 0 ? `${plural(silent, "latent")} never ${silent === 1 ? "does" : "do"}` : "none is silent"}.`;
}

/** Bounds in the percent of the number that they stand beside. */
export const shares = (ci: readonly (number | null)[] | null) =>
  interval(
    ci?.map((each) => (each === null ? null : each * 100)),
    1,
  );
