// One tone per arm everywhere: grey baseline, orange for +α, blue for −α, ink for edits that have no sign.
import { alphaText, num } from "@/lib/format";
import type { FeatureEdit, RunArm } from "@/lib/types";

export type Tone = "base" | "pos" | "neg" | "ink";

interface ArmLike {
  name: string;
  edits: FeatureEdit[];
}

export const BASELINE = "baseline";

export function toneOf({ name, edits }: ArmLike): Tone {
  if (name === BASELINE) return "base";
  const adds = edits.filter((edit) => edit.op === "add");
  const total = adds.reduce((sum, edit) => sum + strongest(edit), 0);
  if (adds.length === 0 || total === 0) return "ink";
  return total > 0 ? "pos" : "neg";
}

/** The value of an addition; of one that was moved by hand its largest, with its sign. */
function strongest({ value, schedule }: FeatureEdit): number {
  const factors = schedule?.values ?? [1];
  return (value ?? 0) * factors.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
}

export const toneColor = (tone: Tone) => (tone === "ink" ? "var(--ink-2)" : `var(--${tone})`);

function whatText(edit: FeatureEdit): string {
  const { feature_idx, op, value, other_idx, schedule } = edit;
  const feature = `feature ${feature_idx}`;
  if (op === "add" && schedule?.shape === "table")
    return `${alphaText(strongest(edit))} at most on ${feature}`;
  if (op === "add") return `${alphaText(value ?? 0)} on ${feature}`;
  if (op === "scale") return `${feature} × ${num(value)}`;
  if (op === "clamp") return `${feature} held at ${num(value)}`;
  return op === "swap" ? `${feature} swapped with ${num(other_idx)}` : `${feature} removed`;
}

const TIMES: Partial<Record<string, string>> = { constant: "in a window", table: "moved by hand" };
const GATES = { active: "while active", observation: "gated", phase: "in a phase", contact: "by a foot" };

function editText(edit: FeatureEdit): string {
  const { gate, schedule } = edit;
  const timed = schedule && (TIMES[schedule.shape] ?? schedule.shape);
  return [whatText(edit), gate && GATES[gate.kind], timed].filter(Boolean).join(", ");
}

/** One plain addition: what the slider shows. */
export function isSimple(edits: readonly FeatureEdit[]): boolean {
  const [edit, ...rest] = edits;
  return edit?.op === "add" && rest.length === 0 && !edit.gate && !edit.schedule;
}

type Described = ArmLike & Partial<Pick<RunArm, "weights" | "model_id">>;

/** Edits that are told one by one; of more only the features are named. */
const TOLD = 2;
const NAMED = 8;

/** The same in few words, where an arm with many edits would fill a column of text. */
export function armBrief(arm: Described): string {
  if (arm.edits.length <= TOLD) return armText(arm);
  const features = arm.edits.slice(0, NAMED).map(({ feature_idx }) => feature_idx);
  const rest = arm.edits.length > NAMED ? ", …" : "";
  const text = `${arm.edits.length} edits, of features ${features.join(", ")}${rest}`;
  return arm.weights === "edited" ? `${text}; edited weights` : text;
}

/** What distinguishes an arm, in words. */
export function armText(arm: Described): string {
  if (arm.name === BASELINE) return "nothing changed";
  if (arm.model_id) return `model ${arm.name}, ${arm.model_id}`;
  const parts = arm.edits.map(editText);
  if (arm.weights === "edited") parts.push("edited weights");
  return parts.length > 0 ? parts.join(", ") : "nothing changed";
}
