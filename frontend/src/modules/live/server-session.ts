// Arms that the server steps, a few steps at a time, shown at the pace of the clock here.
import type { EnvInfo, LiveSteps } from "@/lib/types";
import type { ReplayArm } from "@/modules/replay/decode";

import { closeLive, openLive, stepLive } from "./api";
import { ARMS, Session, STEERED, type Standing, type Start } from "./session";
import type { LiveEdit } from "./sim/edits";

/** One step of one arm; `last` when the episode ended with it. */
interface Step {
  pose: number[];
  actions: number[];
  reward: number;
  latent: number;
  last: boolean;
  fell: boolean;
}

/** One step of every arm that still stands, and the α it was played with. */
interface Frame {
  edits: readonly LiveEdit[];
  arms: (Step | null)[];
}

/** Seconds of play that lie ready or are under way. More only where answers take longer than half of it. */
const LEAD_S = 0.1;
const LONGEST_LEAD_S = 0.4;
const SMOOTHING = 0.2;
/** Steps that the server plays in one answer. */
const LARGEST = 50;
/** Where there is no physical time: 25 steps a second. */
const TIMELESS_S = 0.04;

const standing = (): Standing => ({ steps: 0, total: 0, fell: false, over: false });

export class ServerSession extends Session {
  readonly actors: ReplayArm[];
  cycle = false;
  midGait = false;
  protected standings: Standing[] = ARMS.map(standing);
  private readonly ready: Frame[] = [];
  private live: string | null = null;
  private first: number[] = [];
  /** Seconds that an answer takes, as of late. */
  private answerS = 0;
  private asking = false;
  /** The server has no further steps. */
  private played = false;
  /** Answers to what was asked before the present episode began are dropped. */
  private turn = 0;
  private wishes = 0;

  /** `bodies`: drawn in 3-D from joint positions; otherwise sketched, with the path so far. */
  constructor(
    private readonly modelId: string,
    private readonly env: EnvInfo,
    private readonly bodies: boolean,
  ) {
    super(env.dt ?? TIMELESS_S, env.max_episode_steps);
    this.actors = ARMS.map(({ name }) => ({ name, return: null, length: 1, fell: false, signals: {} }));
  }

  async prepare(kind: Start["kind"], seed: number): Promise<Start> {
    const wish = ++this.wishes;
    const opened = await openLive({ model_id: this.modelId, env: this.env.id, kind, seed });
    if (wish !== this.wishes) {
      closeLive(opened.id);
      throw new DOMException("Another start was asked for meanwhile.", "AbortError");
    }
    this.leave(); // not before: where there is no such start, the present episode can go on
    this.live = opened.id;
    this.first = numbers(opened.pose);
    this.cycle = opened.cycle;
    this.midGait = opened.restarts;
    return { kind, seed, state: [] };
  }

  override dispose() {
    super.dispose();
    this.wishes += 1;
    this.leave();
  }

  /** Seconds until α moved now is felt. */
  get lag() {
    return Math.max(LEAD_S, Math.min(LONGEST_LEAD_S, 2 * this.answerS));
  }

  /** Steps that are to lie ready. */
  get lead() {
    return Math.max(2, Math.min(LARGEST, Math.floor((this.lag * this.speed) / this.dt)));
  }

  protected restart() {
    this.standings = ARMS.map(standing);
    for (const actor of this.actors) {
      const channels = this.first.length;
      const length = this.bodies ? 1 : this.limit + 1;
      const signal = { length, channels, data: new Float32Array(length * channels) };
      actor.signals = this.bodies ? { qpos: signal } : { observations: signal };
      actor.length = 1;
      this.place(actor, this.first);
    }
  }

  protected step(): boolean {
    const frame = this.ready.shift();
    // the other half lasts until the answer is here
    if (this.ready.length <= this.lead / 2) void this.ask();
    if (!frame) return false;
    for (const [index, step] of frame.arms.entries()) {
      const [arm, actor] = [this.standings[index], this.actors[index]];
      if (!step || !arm || !actor) continue;
      if (index === STEERED) this.recording.note(frame.edits);
      arm.steps += 1;
      arm.total += step.reward;
      [arm.over, arm.fell] = [step.last, step.fell];
      actor.length = this.bodies ? Number(!arm.over) : arm.steps;
      this.place(actor, step.pose, step.actions);
      this.note(index, arm, step.latent);
    }
    return true;
  }

  protected pose() {
    // written as each step is shown
  }

  private place(actor: ReplayArm, pose: number[], actions: number[] = []) {
    const { qpos, observations } = actor.signals;
    if (qpos) {
      qpos.data.set(pose);
      actor.signals.actions = { length: 1, channels: actions.length, data: Float32Array.from(actions) };
    }
    if (!observations) return;
    const { data, length } = observations;
    const at = actor.length - 1;
    // to the end of the signal, because sketches look at an ended arm beyond its last step
    for (const [channel, value] of pose.entries())
      data.fill(value, channel * length + at, (channel + 1) * length);
  }

  private async ask() {
    const { live, turn, edits } = this;
    const steps = this.lead - this.ready.length;
    if (this.asking || this.played || live === null || this.error !== null) return;
    this.asking = true;
    const before = performance.now();
    try {
      const pushes = edits.map(({ feature, alpha, gate }) => ({ feature_idx: feature, alpha, gate }));
      const found = await stepLive(live, { steps, pushes });
      if (turn !== this.turn) return;
      this.answerS += SMOOTHING * ((performance.now() - before) / 1000 - this.answerS);
      this.ready.push(...framesOf(found, edits));
      this.played = found.over;
    } catch (error) {
      if (turn === this.turn) this.fail(error);
    } finally {
      if (turn === this.turn) this.asking = false;
    }
  }

  private fail(error: unknown) {
    this.error = error;
    this.pause();
  }

  /** Whatever is under way belongs to the past. */
  private leave() {
    if (this.live !== null) closeLive(this.live);
    this.live = null;
    this.asking = this.played = false;
    this.ready.length = 0;
    this.turn += 1;
  }
}

const numbers = (values: readonly (number | null)[] | undefined) => (values ?? []).map((value) => value ?? 0);

function framesOf({ arms }: LiveSteps, edits: readonly LiveEdit[]): Frame[] {
  const count = Math.max(...arms.map((arm) => arm.rewards.length));
  return Array.from({ length: count }, (_, at) => ({
    edits,
    arms: arms.map((arm) => {
      if (at >= arm.rewards.length) return null;
      const last = arm.over && at === arm.rewards.length - 1;
      return {
        pose: numbers(arm.pose[at]),
        actions: numbers(arm.actions[at]),
        reward: arm.rewards[at] ?? 0,
        latent: arm.activations[at]?.[0] ?? 0,
        last,
        fell: last && arm.fell,
      };
    }),
  }));
}
