// Additions along features with the gates of the API: when they act and what they add.
import type { EditRequest, LiveNetwork } from "@/lib/types";

import type { Vec } from "./packed";
import type { LiveSae } from "./sae";

export type Gate = NonNullable<EditRequest["gate"]>;

export interface LiveEdit {
  feature: number;
  alpha: number;
  gate: Gate | null;
}

export interface Moment {
  /** Latents of the activation before edits. */
  latents: Vec;
  observation: Vec;
  cycle: LiveNetwork["cycle"];
  /** Whether the foot of a leg is on the floor. */
  touches: (leg: string) => boolean;
}

/** The phase of the stride in [0, 1), as the server reads it from one observation. */
export function phase(cycle: NonNullable<LiveNetwork["cycle"]>, observation: Vec): number {
  const channel = (plus: number, minus: number | null) =>
    (observation[plus] ?? 0) - (minus === null ? 0 : (observation[minus] ?? 0));
  const q = (channel(cycle.plus, cycle.minus) - (cycle.centre ?? 0)) / (cycle.spread ?? 1);
  const rate = channel(cycle.rate_plus, cycle.rate_minus) / (cycle.rate_spread ?? 1);
  const turn = Math.atan2(-rate, q) / (2 * Math.PI);
  return turn - Math.floor(turn);
}

function inWindow({ start = 0, stop = 1 }: Gate, now: number): boolean {
  const [from, to] = [start ?? 0, stop ?? 1];
  return from <= to ? now >= from && now < to : now >= from || now < to;
}

function between({ index, above, below }: Gate, observation: Vec): boolean {
  const seen = observation[index ?? 0] ?? 0;
  return seen > (above ?? -Infinity) && seen < (below ?? Infinity);
}

export function isOpen({ feature, gate }: LiveEdit, moment: Moment): boolean {
  if (!gate) return true;
  const { latents, observation, cycle } = moment;
  if (gate.kind === "contact") return moment.touches(gate.foot ?? "") === (gate.on_floor ?? true);
  if (gate.kind === "active") return (latents[gate.feature_idx ?? feature] ?? 0) > (gate.threshold ?? 0);
  if (gate.kind === "observation") return between(gate, observation);
  return cycle !== null && inWindow(gate, phase(cycle, observation));
}

/** The activation with every edit that acts now, feature by feature like the server; `sign` −1 mirrors them. */
export function steered(sae: LiveSae, h: Vec, edits: readonly LiveEdit[], moment: Moment, sign: number): Vec {
  const amounts = new Map<number, number>();
  for (const edit of edits)
    if (edit.alpha !== 0 && isOpen(edit, moment))
      amounts.set(edit.feature, (amounts.get(edit.feature) ?? 0) + sign * edit.alpha);
  const result = Float64Array.from(h);
  for (const [feature, amount] of [...amounts].sort(([a], [b]) => a - b))
    sae.push(result, h, feature, amount);
  return result;
}
