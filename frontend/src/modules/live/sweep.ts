// A dose-response in seconds: rollouts of this page's own physics in a worker. A preview, never a result.
import type { LiveNetwork, Physics } from "@/lib/types";

import type { LiveEdit } from "./sim/edits";
import { ClosedLoop, makeBrain } from "./sim/loop";
import type { Mujoco } from "./sim/mujoco";

export interface SweepJob {
  physics: Physics;
  network: LiveNetwork;
  edits: LiveEdit[];
  /** Multiples of the edits. */
  factors: number[];
  states: number[][];
  horizon: number;
}

export interface SweepPoint {
  factor: number;
  returns: number[];
  lengths: number[];
  falls: number;
}

export type SweepReply =
  | { kind: "point"; point: SweepPoint; done: number }
  | { kind: "end"; seconds: number; steps: number }
  | { kind: "failure"; message: string };

/** The points in turn; `multiples` around zero, both signs, the baseline among them. */
export function* sweep(mj: Mujoco, { physics, network, edits, factors, states, horizon }: SweepJob) {
  const brain = makeBrain(network);
  for (const factor of factors) {
    const loop = new ClosedLoop(mj, physics, brain, factor, horizon);
    const point: SweepPoint = { factor, returns: [], lengths: [], falls: 0 };
    for (const state of states) {
      loop.begin(state);
      while (!loop.over) loop.step(edits);
      point.returns.push(loop.total);
      point.lengths.push(loop.steps);
      point.falls += loop.fell ? 1 : 0;
    }
    loop.dispose();
    yield point;
  }
}

export const multiples = (half: number): number[] =>
  Array.from({ length: 2 * half + 1 }, (_, index) => (index - half) / half);
