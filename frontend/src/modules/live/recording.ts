// What the hand did to the sliders, step by step: enough for the server to play the same episode.
import type { RunRequest } from "@/lib/types";

import type { Gate, LiveEdit } from "./sim/edits";
import type { Start } from "./session";

export const BY_HAND = "by hand";

export interface Traced {
  feature: number;
  gate: Gate | null;
  /** α at each step since the recording began. */
  values: number[];
}

export interface Ending {
  /** Steps since the recording began. */
  steps: number;
  fell: boolean;
}

export class Recording {
  start: Start | null = null;
  /** A recording that began in the middle of an episode, after a shove: from this very state. */
  state: number[] | null = null;
  ending: Ending | null = null;
  steps = 0;
  private first = 0;
  private readonly traces = new Map<string, Traced>();

  begin(start: Start) {
    this.start = start;
    this.state = null;
    this.clear(0);
  }

  restart(state: number[], step: number) {
    this.state = state;
    this.clear(step);
  }

  note(edits: readonly LiveEdit[]) {
    for (const { feature, gate } of edits) {
      const key = JSON.stringify([feature, gate]);
      if (!this.traces.has(key))
        this.traces.set(key, { feature, gate, values: Array<number>(this.steps).fill(0) });
    }
    for (const trace of this.traces.values()) trace.values.push(now(edits, trace));
    this.steps += 1;
  }

  end(step: number, fell: boolean) {
    this.ending = { steps: step - this.first, fell };
  }

  /** Only features that were pushed at all. */
  get pushed(): Traced[] {
    return [...this.traces.values()].filter(({ values }) => values.some((value) => value !== 0));
  }

  private clear(step: number) {
    this.first = step;
    this.steps = 0;
    this.ending = null;
    this.traces.clear();
  }
}

function now(edits: readonly LiveEdit[], trace: Traced): number {
  const same = edits.filter(
    ({ feature, gate }) => feature === trace.feature && JSON.stringify(gate) === JSON.stringify(trace.gate),
  );
  return same.reduce((sum, { alpha }) => sum + alpha, 0);
}

interface Wanted {
  env: string;
  weights: "original" | "edited";
  episodes: number;
  limit: number;
}

/** The run that plays the recording again: the baseline, the edited weights if there are any, and the hand. */
export function runOf(recording: Recording, { env, weights, episodes, limit }: Wanted): RunRequest {
  const { start, state, steps, ending } = recording;
  const edits = recording.pushed.map(({ feature, gate, values }) => ({
    feature_idx: feature,
    op: "add" as const,
    value: 1,
    schedule: { shape: "table" as const, unit: "steps" as const, values },
    ...(gate ? { gate } : {}),
  }));
  const rest = weights === "edited" ? [{ name: "edited weights", edits: [], weights }] : [];
  return {
    env,
    episodes: state ? 1 : episodes,
    seed: start?.seed ?? 0,
    // an episode that ends exactly at its last step has not fallen, so a fall needs room
    max_steps: ending?.fell ? limit : Math.max(1, steps),
    ...(state ? { start: { kind: "state", states: [state] } } : start?.kind === "cached" ? { start: { kind: "cached" } } : {}), // prettier-ignore
    arms: [...rest, { name: BY_HAND, edits, weights }],
  };
}
