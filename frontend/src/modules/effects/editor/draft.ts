// An intervention while it is being edited: what the fields hold, and what is sent once they can be read.
import type { Dose, EditRequest, FeatureEdit } from "@/lib/types";

export type Op = EditRequest["op"];
export type Unit = NonNullable<EditRequest["unit"]>;
type Field = number | string;

export interface GateDraft {
  kind: "always" | "active" | "phase" | "contact" | "observation";
  feature: Field;
  threshold: Field;
  index: number;
  above: Field;
  below: Field;
  start: Field;
  stop: Field;
  foot: string;
  on_floor: boolean;
}

export interface ScheduleDraft {
  shape: "constant" | "ramp" | "pulse" | "sine" | "table";
  start: Field;
  stop: Field;
  period: Field;
  duty: Field;
  unit: "steps" | "seconds";
  /** table: moved by hand, a factor for each step. */
  values?: number[];
}

export interface Draft {
  id: number;
  feature: Field;
  op: Op;
  value: Field;
  unit: Unit;
  other: Field;
  gate: GateDraft;
  schedule: ScheduleDraft;
}

export const OPS: readonly { value: Op; label: string; needs: string | null; start: number }[] = [
  { value: "add", label: "Add", needs: null, start: 0.05 },
  { value: "scale", label: "Scale", needs: "Factor", start: 1.2 },
  { value: "clamp", label: "Hold", needs: "Value held", start: 1 },
  { value: "ablate", label: "Remove", needs: null, start: 0 },
  { value: "swap", label: "Swap", needs: null, start: 0 },
];

export const UNITS: readonly { value: Unit; label: string; step: number; field: keyof Dose }[] = [
  { value: "action_displacement", label: "δₐ", step: 0.01, field: "action_displacement" },
  { value: "alpha", label: "α", step: 0.1, field: "alpha" },
  { value: "feature_sd", label: "SDs", step: 0.1, field: "feature_sds" },
  { value: "activation_norm", label: "‖x‖", step: 0.01, field: "activation_norm" },
];

const NO_GATE: GateDraft = {
  kind: "always",
  feature: "",
  threshold: 0,
  index: 0,
  above: "",
  below: "",
  start: 0,
  stop: 0.5,
  foot: "",
  on_floor: true,
};
const NO_SCHEDULE: ScheduleDraft = {
  shape: "constant",
  start: "",
  stop: "",
  period: "",
  duty: 0.5,
  unit: "steps",
};

export function newDraft(id: number, feature: Field): Draft {
  return {
    id,
    feature,
    op: "add",
    value: 0.05,
    unit: "action_displacement",
    other: "",
    gate: NO_GATE,
    schedule: NO_SCHEDULE,
  };
}

/** A stored edit, opened again; its value is raw. */
export function draftOf(id: number, edit: FeatureEdit): Draft {
  const { gate, schedule } = edit;
  return {
    ...newDraft(id, edit.feature_idx),
    op: edit.op,
    value: edit.value ?? 0,
    unit: "alpha",
    other: edit.other_idx ?? "",
    gate: gate ? { ...NO_GATE, ...gate, feature: gate.feature_idx ?? "" } : NO_GATE,
    schedule: schedule
      ? { ...NO_SCHEDULE, ...schedule, unit: schedule.unit === "seconds" ? "seconds" : "steps" }
      : NO_SCHEDULE,
  };
}

const given = (field: Field) => field !== "";
const optional = <K extends string>(key: K, field: Field) =>
  (given(field) ? { [key]: Number(field) } : {}) as Partial<Record<K, number>>;

function gateOf(gate: GateDraft): Pick<EditRequest, "gate"> {
  const { kind } = gate;
  if (kind === "always") return {};
  if (kind === "active")
    return {
      gate: { kind, threshold: Number(gate.threshold), ...optional("feature_idx", gate.feature) },
    };
  if (kind === "phase") return { gate: { kind, start: Number(gate.start), stop: Number(gate.stop) } };
  if (kind === "contact") return { gate: { kind, foot: gate.foot, on_floor: gate.on_floor } };
  return {
    gate: { kind, index: gate.index, ...optional("above", gate.above), ...optional("below", gate.below) },
  };
}

export const isPeriodic = (shape: ScheduleDraft["shape"]) => shape !== "constant" && shape !== "table";

function scheduleOf({ shape, unit, values, ...times }: ScheduleDraft): Pick<EditRequest, "schedule"> {
  if (shape === "constant" && !given(times.start) && !given(times.stop)) return {};
  return {
    schedule: {
      shape,
      unit,
      ...optional("start", times.start),
      ...optional("stop", times.stop),
      ...(isPeriodic(shape) ? optional("period", times.period) : {}),
      ...(shape === "table" && values ? { values } : {}),
      ...(shape === "pulse" ? optional("duty", times.duty) : {}),
    },
  };
}

function missingOfGate(gate: GateDraft): string | null {
  if (gate.kind === "contact" && gate.foot === "") return "Choose the foot.";
  if (gate.kind === "observation" && !given(gate.above) && !given(gate.below))
    return "Give at least one bound of the observation.";
  return null;
}

/** What is missing before the edit can be measured or stored; null when nothing is. */
export function missing({ feature, op, value, other, gate, schedule }: Draft): string | null {
  if (!given(feature)) return "Choose a feature.";
  if (op !== "ablate" && op !== "swap" && !given(value)) return "Give a value.";
  if (op === "swap" && !given(other)) return "Choose the feature to swap with.";
  if (isPeriodic(schedule.shape) && !(Number(schedule.period) > 0)) return "Give the period.";
  return missingOfGate(gate);
}

/** The edit without gate and schedule: what its dose in other units is computed from. */
export function bareRequest({ feature, op, value, unit, other }: Draft): EditRequest {
  return {
    feature_idx: Number(feature),
    op,
    ...(op === "ablate" || op === "swap" ? {} : { value: Number(value) }),
    ...(op === "add" ? { unit } : {}),
    ...(op === "swap" ? { other_idx: Number(other) } : {}),
  };
}

export const toRequest = (draft: Draft): EditRequest => ({
  ...bareRequest(draft),
  ...gateOf(draft.gate),
  ...scheduleOf(draft.schedule),
});

/** A dose in another unit, with the sign of α; null where it is not measured. */
export function inUnit(dose: Dose | null | undefined, unit: Unit, negative: boolean): number | null {
  const field = UNITS.find((each) => each.value === unit)?.field;
  const value = field && dose?.[field];
  if (typeof value !== "number") return null;
  const size = Math.abs(value);
  return Number((negative ? -size : size).toPrecision(3));
}
