// A live session: three arms in step, a clock, what was counted and what was recorded of the hand on the slider.
import type { LiveNetwork, Physics } from "@/lib/types";
import type { ReplayArm } from "@/modules/replay/decode";

import { ClosedLoop, makeBrain } from "./sim/loop";
import type { LiveEdit } from "./sim/edits";
import type { Live, Mujoco } from "./sim/mujoco";
import { Recording } from "./recording";

export const ARMS = [
  { name: "opposite", sign: -1 },
  { name: "baseline", sign: 0 },
  { name: "steered", sign: 1 },
] as const;
export const STEERED = 2;

export interface Start {
  kind: "reset" | "cached";
  seed: number;
  state: number[];
}

export interface ArmState {
  name: string;
  steps: number;
  total: number;
  fell: boolean;
  over: boolean;
  /** Of the episodes that ended in this session. */
  episodes: number;
  falls: number;
  returns: number;
}

export interface History {
  totals: number[];
  latents: number[];
}

export interface Shown {
  playing: boolean;
  over: boolean;
  speed: number;
  start: Start | null;
  arms: ArmState[];
  force: readonly [number, number, number] | null;
  stepsPerSecond: number;
}

const PAGE_MS = 90;
const LONGEST_FRAME = 0.1;
const TORSO = 1;

let made = 0;

type Tally = Pick<ArmState, "episodes" | "falls" | "returns">;

export class Session {
  readonly loops: ClosedLoop[];
  /** What the 3-D stage draws: one pose for each arm, written over at every frame. */
  readonly actors: ReplayArm[];
  readonly recording = new Recording();
  /** Per arm and step of the episode: the return so far, and the activation of the first feature. */
  readonly history: History[] = ARMS.map(() => ({ totals: [], latents: [] }));
  /** Another session is another page: what it counted starts anew. */
  readonly id = ++made;
  private edits: readonly LiveEdit[] = [];
  private start: Start | null = null;
  private force: Shown["force"] = null;
  private playing = false;
  private speed = 1;
  private before: number | undefined;
  private owed = 0;
  private request: number | undefined;
  private tallies: Tally[] = ARMS.map(() => ({ episodes: 0, falls: 0, returns: 0 }));
  private shown: Shown;
  private shownAt = 0;
  private rate = { since: 0, steps: 0, value: 0 };
  private readonly frames = new Set<() => void>();
  private readonly pages = new Set<() => void>();

  constructor(
    mj: Mujoco,
    readonly physics: Physics,
    network: LiveNetwork,
  ) {
    const brain = makeBrain(network);
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
    this.shown = this.look();
  }

  readonly onFrame = (listener: () => void) => {
    this.frames.add(listener);
    return () => this.frames.delete(listener);
  };

  readonly subscribe = (listener: () => void) => {
    this.pages.add(listener);
    return () => this.pages.delete(listener);
  };

  readonly get = () => this.shown;

  begin(start: Start) {
    this.start = start;
    for (const loop of this.loops) loop.begin(start.state);
    for (const each of this.history) [each.totals, each.latents] = [[], []];
    this.recording.begin(start);
    this.owed = 0;
    this.publish(true);
  }

  /** From the same state once more. */
  again() {
    if (this.start) this.begin(this.start);
  }

  play() {
    if (this.playing || !this.start || this.ended()) return;
    this.playing = true;
    this.before = undefined;
    this.request = requestAnimationFrame(this.frame);
    this.publish(true);
  }

  pause() {
    this.playing = false;
    if (this.request !== undefined) cancelAnimationFrame(this.request);
    this.publish(true);
  }

  /** Felt by the next step. */
  setEdits(edits: readonly LiveEdit[]) {
    this.edits = edits;
    this.publish(true);
  }

  /** The view has changed, the bodies have not. */
  redraw() {
    this.frames.forEach((listener) => listener());
  }

  setSpeed(speed: number) {
    this.speed = speed;
    this.publish(true);
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

  /** One step of every arm that still stands. */
  step() {
    for (const [index, loop] of this.loops.entries()) {
      if (loop.over) continue;
      if (index === STEERED) this.recording.note(this.edits);
      const last = loop.step(this.edits);
      const history = this.history[index];
      history?.totals.push(loop.total);
      history?.latents.push(loop.latents[this.edits[0]?.feature ?? 0] ?? 0);
      if (last) this.count(index, loop);
    }
    this.rate.steps += 1;
  }

  dispose() {
    this.pause();
    this.frames.clear();
    this.pages.clear();
    for (const loop of this.loops) loop.dispose();
  }

  private ended() {
    return this.loops.every((loop) => loop.over);
  }

  private count(index: number, loop: ClosedLoop) {
    const tally = this.tallies[index];
    if (!tally) return;
    tally.episodes += 1;
    tally.falls += loop.fell ? 1 : 0;
    tally.returns += loop.total;
    if (index === STEERED) this.recording.end(loop.steps, loop.fell);
  }

  private readonly frame = (now: number) => {
    if (!this.playing) return;
    const passed = Math.min(LONGEST_FRAME, (now - (this.before ?? now)) / 1000);
    this.before = now;
    this.owed += passed * this.speed;
    while (this.owed >= this.physics.dt && !this.ended()) {
      this.owed -= this.physics.dt;
      this.step();
    }
    if (now - this.rate.since > 500) {
      this.rate = { since: now, steps: 0, value: (1000 * this.rate.steps) / (now - this.rate.since) };
    }
    const over = this.ended();
    this.playing = !over;
    this.publish(over);
    if (!over) this.request = requestAnimationFrame(this.frame);
  };

  private publish(page: boolean) {
    for (const [index, { sim, over }] of this.loops.entries()) {
      const actor = this.actors[index];
      actor?.signals.qpos?.data.set(sim.data.qpos as Live);
      actor?.signals.actions?.data.set(sim.data.ctrl as Live);
      if (actor) actor.length = over ? 0 : 1;
    }
    this.frames.forEach((listener) => listener());
    const now = performance.now();
    if (!page && now - this.shownAt < PAGE_MS) return;
    this.shownAt = now;
    this.shown = this.look();
    this.pages.forEach((listener) => listener());
  }

  private look(): Shown {
    const { playing, speed, start, force } = this;
    const arms = this.loops.map(({ steps, total, fell, over }, index) => ({
      name: ARMS[index]?.name ?? "",
      steps,
      total,
      fell,
      over,
      ...(this.tallies[index] ?? { episodes: 0, falls: 0, returns: 0 }),
    }));
    return { playing, over: this.ended(), speed, start, arms, force, stepsPerSecond: this.rate.value };
  }
}
