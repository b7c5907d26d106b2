// What an intervention will do, in a sentence, before it is stored.
import { num } from "@/lib/format";

import type { Draft, GateDraft, ScheduleDraft } from "./draft";

const plus = (value: number) => `${value > 0 ? "+" : ""}${num(value, 3)}`;

function pushText({ value, unit, feature }: Draft): string {
  const amount = plus(Number(value));
  const along = `along feature ${feature}`;
  if (unit === "alpha") return `add α = ${amount} ${along}`;
  if (unit === "feature_sd") return `add ${amount} of its standard deviations ${along}`;
  if (unit === "activation_norm") return `add ${amount} of the activation's length ${along}`;
  return `move the action by δₐ = ${amount} ${along}`;
}

function whatText(draft: Draft): string {
  const feature = `feature ${draft.feature}`;
  if (draft.op === "add") return pushText(draft);
  if (draft.op === "scale") return `multiply ${feature} by ${num(Number(draft.value), 3)}`;
  if (draft.op === "clamp") return `hold ${feature} at ${num(Number(draft.value), 3)}`;
  return draft.op === "ablate" ? `remove ${feature}` : `swap ${feature} with feature ${draft.other}`;
}

function gateText(gate: GateDraft, own: Draft["feature"], observation: string): string {
  if (gate.kind === "active") {
    const feature = gate.feature === "" ? own : gate.feature;
    return `while feature ${feature} is above ${num(Number(gate.threshold), 3)}`;
  }
  if (gate.kind === "phase")
    return `from ${num(Number(gate.start), 2)} to ${num(Number(gate.stop), 2)} of each stride`;
  if (gate.kind === "contact")
    return `while the ${gate.foot === "leg" ? "" : `${gate.foot} `}foot is ${gate.on_floor ? "on the floor" : "in the air"}`;
  const bounds = [
    gate.above === "" ? null : `above ${num(Number(gate.above), 3)}`,
    gate.below === "" ? null : `below ${num(Number(gate.below), 3)}`,
  ].filter((bound) => bound !== null);
  return `while ${observation} is ${bounds.join(" and ")}`;
}

function scheduleText({ shape, start, stop, period, duty, unit }: ScheduleDraft): string[] {
  const time = (value: number | string) =>
    `${num(Number(value), 4)} ${unit === "seconds" ? "s" : Number(value) === 1 ? "step" : "steps"}`;
  const shapes = {
    constant: [],
    ramp: [`growing from nothing over ${time(period)}`],
    pulse: [`on for ${num(100 * Number(duty), 3)}\u00a0% of every ${time(period)}`],
    table: ["by a factor that was moved by hand"],
    sine: [`swinging between both signs every ${time(period)}`],
  };
  return [
    ...shapes[shape],
    ...(start === "" ? [] : [`from ${time(start)}`]),
    ...(stop === "" ? [] : [`until ${time(stop)}`]),
  ];
}

export function clause(draft: Draft, observation: string): string {
  const parts = [whatText(draft)];
  if (draft.gate.kind !== "always") parts.push(gateText(draft.gate, draft.feature, observation));
  parts.push(...scheduleText(draft.schedule));
  return parts.length > 1 ? parts.join(", ") : `${parts.join()}, at every step`;
}

/** All edits together: they act at the same time, each as a difference at the tap. */
export function sentence(clauses: readonly string[], tap: number): string {
  const [first, ...rest] = clauses;
  if (first === undefined) return "";
  const text = [first, ...rest].join("; and ");
  return `At the activation after net[${tap}]: ${text}.`;
}
