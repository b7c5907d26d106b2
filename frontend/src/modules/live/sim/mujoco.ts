// MuJoCo itself, as WebAssembly: loaded once, when the first live page opens.
import type { MainModule, MjData, MjModel } from "@mujoco/mujoco";

import type { Physics } from "@/lib/types";

import type { Vec } from "./packed";

export type Mujoco = MainModule;
/** MuJoCo's arrays; a view into memory that may move, so it is asked for anew every time. */
export type Live = Float64Array;

let loading: Promise<Mujoco> | undefined;

/** `options` go to the loader: where its file lies, or its bytes. */
export function loadMujoco(options: object): Promise<Mujoco> {
  loading ??= import("@mujoco/mujoco").then((module) => module.default(options));
  return loading;
}

/** One body in its world. `state` is joint positions, velocities and the solver's warm start, as in runs. */
export class Simulation {
  readonly nq: number;
  readonly nv: number;
  readonly low: Vec;
  readonly high: Vec;
  private readonly limits: { low: Vec; high: Vec };

  private constructor(
    readonly mj: Mujoco,
    readonly model: MjModel,
    readonly data: MjData,
    private readonly physics: Physics,
  ) {
    this.nq = model.nq;
    this.nv = model.nv;
    const range = model.actuator_ctrlrange as Live;
    this.low = Float64Array.from({ length: model.nu }, (_, index) => range[2 * index] ?? -1);
    this.high = Float64Array.from({ length: model.nu }, (_, index) => range[2 * index + 1] ?? 1);
    this.limits = { low: this.low.map(Math.fround), high: this.high.map(Math.fround) };
  }

  /** Throws an Error when MuJoCo refuses the model file. */
  static open(mj: Mujoco, physics: Physics): Simulation {
    const model = mj.MjModel.from_xml_string(physics.mjcf);
    return new Simulation(mj, model, new mj.MjData(model), physics);
  }

  begin(state: readonly number[]) {
    const { mj, model, data, nq, nv } = this;
    mj.mj_resetData(model, data);
    (data.qpos as Live).set(state.slice(0, nq));
    (data.qvel as Live).set(state.slice(nq, nq + nv));
    mj.mj_forward(model, data);
    (data.qacc_warmstart as Live).set(state.slice(nq + nv));
  }

  state(): number[] {
    const { data } = this;
    return [...(data.qpos as Live), ...(data.qvel as Live), ...(data.qacc_warmstart as Live)];
  }

  /** What the motors take of a wanted action: rounded to float32 and cut off at the action box. */
  intoBox(wanted: Vec): Vec {
    const { low, high } = this.limits;
    return wanted.map((value, index) =>
      Math.min(Math.max(Math.fround(value), low[index] ?? 0), high[index] ?? 0),
    );
  }

  step(action: Vec, feelContacts: boolean) {
    const { mj, model, data } = this;
    (data.ctrl as Live).set(action);
    for (let substep = 0; substep < this.physics.frame_skip; substep++) mj.mj_step(model, data);
    if (feelContacts) mj.mj_rnePostConstraint(model, data);
  }

  /** A force on a body in world axes, in newtons, until it is set again. */
  push(body: number, force: readonly [number, number, number]) {
    (this.data.xfrc_applied as Live).set(force, 6 * body);
  }

  dispose() {
    this.data.delete();
    this.model.delete();
  }
}
