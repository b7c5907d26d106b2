// Arms that this page steps itself: MuJoCo as WebAssembly, policy and SAE in float64.
import type { LiveNetwork, Physics } from "@/lib/types";
import type { ReplayArm } from "@/modules/replay/decode";

import { fetchStarts } from "./api";
import { ARMS, Session, STEERED, type Shown, type Start } from "./session";
import type { LiveEdit } from "./sim/edits";
import { ClosedLoop, makeBrain } from "./sim/loop";
import type { Live, Mujoco } from "./sim/mujoco";

const TORSO = 1;
/** A measure of the page's timeline: from a moved slider to the first step that felt it. */
const FELT = "steering felt";

export class BrowserSession extends Session {
  readonly actors: ReplayArm[];
  readonly cycle: boolean;
  readonly midGait = true;
  private readonly loops: ClosedLoop[];
  private changedAt: number | undefined;

  constructor(
    mj: Mujoco,
    private readonly modelId: string,
    readonly physics: Physics,
    readonly network: LiveNetwork,
  ) {
    super(physics.dt, physics.max_episode_steps);
    const brain = makeBrain(network);
    this.cycle = network.cycle !== null;
    this.loops = ARMS.map(({ sign }) => new ClosedLoop(mj, physics, brain, sign));
    this.actors = this.loops.map(({ sim }, index) => ({
      name: ARMS[index]?.name ?? "",
      return: null,
      length: 1,
      fell: false,
      signals: {
        qpos: { length: 1, channels: sim.nq, data: Float32Array.from(sim.data.qpos as Live) },
        actions: { length: 1, channels: sim.low.length, data: new Float32Array(sim.low.length) },
      },
    }));
  }

  async prepare(kind: Start["kind"], seed: number): Promise<Start> {
    const [start] = await fetchStarts(this.modelId, this.physics.env, kind, seed);
    if (!start) throw new Error("The server sent no start.");
    return start;
  }

  /** A shove on the torso of every arm, in newtons, until null. What follows is recorded from its end on. */
  shove(force: Shown["force"]) {
    this.force = force;
    for (const { sim } of this.loops) sim.push(TORSO, force ?? [0, 0, 0]);
    const steered = this.loops[STEERED];
    if (!force && steered && !steered.over) this.recording.restart(steered.sim.state(), steered.steps);
    this.publish(true);
  }

  /** Weight of the body in newtons: what a shove is measured by. */
  get weight(): number {
    const mass = this.loops[0]?.sim.model.body_mass as Live | undefined;
    return 9.81 * (mass ?? new Float64Array([1])).reduce((sum, each) => sum + each, 0);
  }

  override setEdits(edits: readonly LiveEdit[]) {
    this.changedAt = performance.now();
    super.setEdits(edits);
  }

  override dispose() {
    super.dispose();
    for (const loop of this.loops) loop.dispose();
  }

  protected get standings() {
    return this.loops;
  }

  protected restart({ state }: Start) {
    for (const loop of this.loops) loop.begin(state);
  }

  protected step() {
    for (const [index, loop] of this.loops.entries()) {
      if (loop.over) continue;
      if (index === STEERED) this.recording.note(this.edits);
      loop.step(this.edits);
      this.note(index, loop, loop.latents[this.edits[0]?.feature ?? 0] ?? 0);
    }
    if (this.changedAt !== undefined) {
      performance.clearMeasures(FELT);
      performance.measure(FELT, { start: this.changedAt, end: performance.now() });
      this.changedAt = undefined;
    }
    return true;
  }

  protected pose() {
    for (const [index, { sim, over }] of this.loops.entries()) {
      const actor = this.actors[index];
      actor?.signals.qpos?.data.set(sim.data.qpos as Live);
      actor?.signals.actions?.data.set(sim.data.ctrl as Live);
      if (actor) actor.length = over ? 0 : 1;
    }
  }
}
