import type { Acting, ActingChange } from "@/lib/types";

export const SQUASHES: { value: Acting["squash"]; label: string }[] = [
  { value: "none", label: "Nothing: the outputs are the action" },
  { value: "tanh", label: "tanh" },
  { value: "clip", label: "Limited to ±1" },
];

export const SCALINGS: { value: Acting["action_scaling"]; label: string }[] = [
  { value: "box", label: "Stretched to the environment's action box" },
  { value: "range", label: "Stretched to a range of the policy's own" },
  { value: "none", label: "The action, as they are" },
];

export interface Draft {
  squash: Acting["squash"];
  scaling: Acting["action_scaling"];
  low: string;
  high: string;
}

/** "1, 2, 3", or the first few and how many there are. */
export function listed(numbers: number[] | null, most = Infinity): string {
  if (!numbers) return "";
  const shown = numbers.slice(0, most).map((each) => (most === Infinity ? `${each}` : each.toPrecision(3)));
  return shown.join(", ") + (numbers.length > most ? ` … (${numbers.length})` : "");
}

/** What the form asks for. Text that is no number is left to the server, which says what is wrong with it. */
export function changeOf({ squash, scaling, low, high }: Draft): ActingChange {
  const body: ActingChange = { squash, action_scaling: scaling };
  return scaling === "range" ? { ...body, action_low: numbers(low), action_high: numbers(high) } : body;
}

function numbers(text: string): number[] {
  return text
    .split(/[\s,;]+/)
    .filter((word) => word !== "")
    .map(Number);
}
