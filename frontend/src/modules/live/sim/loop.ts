// One arm of the closed loop: observation → head → edits at the tap → tail → physics, counted as in a run.
import type { LiveNetwork, Physics } from "@/lib/types";

import { makeTask } from "../tasks";
import type { Task } from "../tasks/task";
import { steered, type LiveEdit } from "./edits";
import { Feet } from "./feet";
import { Simulation, type Mujoco } from "./mujoco";
import type { Vec } from "./packed";
import { LivePolicy } from "./policy";
import { LiveSae } from "./sae";

const UPSIDE_DOWN_SECONDS = 0.5;
const PITCH = 1;

/** Policy and SAE, shared by all arms. */
export interface Brain {
  policy: LivePolicy;
  sae: LiveSae;
  cycle: LiveNetwork["cycle"];
}

export const makeBrain = (network: LiveNetwork): Brain => ({
  policy: new LivePolicy(network),
  sae: new LiveSae(network.sae),
  cycle: network.cycle,
});

export class ClosedLoop {
  readonly sim: Simulation;
  steps = 0;
  total = 0;
  fell = false;
  /** The episode is over: terminated, or at its last step. */
  over = false;
  latents: Vec = new Float64Array();
  private readonly task: Task;
  private readonly feet: Feet;
  private upsideDown = 0;

  constructor(
    mj: Mujoco,
    private readonly physics: Physics,
    private readonly brain: Brain,
    private readonly sign: number,
    public horizon = physics.max_episode_steps,
  ) {
    this.sim = Simulation.open(mj, physics);
    this.task = makeTask(this.sim, physics);
    this.feet = new Feet(this.sim, physics.feet);
  }

  begin(state: readonly number[]) {
    this.sim.begin(state);
    this.steps = this.total = this.upsideDown = 0;
    this.fell = this.over = false;
  }

  /** One step with these edits, times the sign of the arm (0 is the baseline); true when it was the last. */
  step(edits: readonly LiveEdit[]): boolean {
    const { policy, sae, cycle } = this.brain;
    const observation = this.task.observe();
    const h = policy.head(observation);
    this.latents = sae.encode(h);
    const moment = {
      latents: this.latents,
      observation,
      cycle,
      touches: (leg: string) => this.feet.touches(leg),
    };
    const pushed = this.sign === 0 ? h : steered(sae, h, edits, moment, this.sign);
    const action = this.sim.intoBox(policy.tail(pushed));
    const before = this.task.before();
    this.sim.step(action, this.task.contacts);
    const { reward, terminated } = this.task.outcome(before, action);
    this.steps += 1;
    this.total += reward;
    this.judge(terminated);
    return this.over;
  }

  dispose() {
    this.feet.dispose();
    this.sim.dispose();
  }

  /** Falls by the rule of the environment, as in a run. */
  private judge(terminated: boolean) {
    const last = this.steps >= this.horizon;
    this.over = terminated || last;
    if (this.physics.fall_rule === "terminated") this.fell = terminated && !last;
    if (this.physics.fall_rule !== "pitch") return;
    const pitch = this.task.observe()[PITCH] ?? 0;
    const turns = pitch / (2 * Math.PI);
    const wrapped = pitch - 2 * Math.PI * Math.floor(turns + 0.5);
    this.upsideDown = Math.abs(wrapped) > Math.PI / 2 ? this.upsideDown + 1 : 0;
    this.fell ||= this.upsideDown >= Math.round(UPSIDE_DOWN_SECONDS / this.physics.dt);
  }
}
