// What a MuJoCo environment of gymnasium adds to the physics: observation, reward, the end of an episode.
import type { Physics } from "@/lib/types";

import type { Live, Simulation } from "../sim/mujoco";
import type { Vec } from "../sim/packed";

export interface Outcome {
  reward: number;
  terminated: boolean;
}

export interface Task {
  /** Whether contact forces are part of what is seen or paid. */
  contacts: boolean;
  observe(): Vec;
  /** What the reward has to remember from before the step. */
  before(): number;
  outcome(before: number, action: Vec): Outcome;
}

/** Reads the arrays of a simulation and the numbers of its task. */
export class Reader {
  constructor(
    readonly sim: Simulation,
    readonly physics: Physics,
  ) {}

  get qpos() {
    return this.sim.data.qpos as Live;
  }

  get qvel() {
    return this.sim.data.qvel as Live;
  }

  number(name: string): number {
    return this.physics.numbers[name] ?? 0;
  }

  range(name: string): [low: number, high: number] {
    const [low, high] = this.physics.ranges[name] ?? [];
    return [low ?? -Infinity, high ?? Infinity];
  }

  body(name: string): number {
    const { mj, model } = this.sim;
    return mj.mj_name2id(model, mj.mjtObj.mjOBJ_BODY.value, name);
  }

  /** Position of a body. */
  place(body: number): Live {
    return (this.sim.data.xpos as Live).slice(3 * body, 3 * body + 3);
  }
}

export const clip = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

export const within = (value: number, [low, high]: [number, number]) => low < value && value < high;

export const squares = (values: Iterable<number>) => {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
};

export const joined = (...parts: ArrayLike<number>[]): Vec => {
  const result = new Float64Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
};
