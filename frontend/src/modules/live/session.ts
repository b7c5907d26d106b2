// A live session: three arms in step, a clock, what was counted and what was recorded of the hand on the slider.
// Who steps the arms differs: this page (browser-session.ts) or the server (server-session.ts).
import type { ReplayArm } from "@/modules/replay/decode";

import type { LiveEdit } from "./sim/edits";
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
  /** Where the simulator begins; empty where the server holds it. */
  state: number[];
}

/** How one arm stands in its episode. */
export interface Standing {
  steps: number;
  total: number;
  fell: boolean;
  over: boolean;
}

export interface ArmState extends Standing {
  name: string;
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
  /** Why it stopped, where the server steps. */
  error: unknown;
}

const PAGE_MS = 90;
const LONGEST_FRAME = 0.1;

let made = 0;

type Tally = Pick<ArmState, "episodes" | "falls" | "returns">;

export abstract class Session {
  /** What is drawn: one for each arm, written over as they step. */
  abstract readonly actors: ReplayArm[];
  readonly recording = new Recording();
  /** Per arm and step of the episode: the return so far, and the activation of the first feature. */
  readonly history: History[] = ARMS.map(() => ({ totals: [], latents: [] }));
  /** Another session is another page: what it counted starts anew. */
  readonly id = ++made;
  /** There is a stride, so that gates may look at its phase. */
  abstract readonly cycle: boolean;
  /** Episodes can begin in the middle of a gait. */
  abstract readonly midGait: boolean;
  protected edits: readonly LiveEdit[] = [];
  protected force: Shown["force"] = null;
  protected error: unknown = null;
  protected playing = false;
  protected speed = 1;
  private start: Start | null = null;
  private before: number | undefined;
  private owed = 0;
  private request: number | undefined;
  private tallies: Tally[] = ARMS.map(() => ({ episodes: 0, falls: 0, returns: 0 }));
  private shown: Shown | undefined;
  private shownAt = 0;
  private readonly frames = new Set<() => void>();
  private readonly pages = new Set<() => void>();

  /** `dt`: seconds of one step. `limit`: steps of the longest episode. */
  constructor(
    readonly dt: number,
    readonly limit: number,
  ) {}

  /** Where the episode of this seed begins, ready for `begin`. */
  abstract prepare(kind: Start["kind"], seed: number): Promise<Start>;

  protected abstract get standings(): readonly Standing[];
  protected abstract restart(start: Start): void;
  /** One step of every arm that still stands, noted arm by arm; false when there is none to show yet. */
  protected abstract step(): boolean;
  /** Bring `actors` up to date. */
  protected abstract pose(): void;

  readonly onFrame = (listener: () => void) => {
    this.frames.add(listener);
    return () => this.frames.delete(listener);
  };

  readonly subscribe = (listener: () => void) => {
    this.pages.add(listener);
    return () => this.pages.delete(listener);
  };

  readonly get = () => (this.shown ??= this.look());

  get over() {
    return this.standings.every((arm) => arm.over);
  }

  begin(start: Start) {
    this.start = start;
    this.error = null;
    this.restart(start);
    for (const each of this.history) [each.totals, each.latents] = [[], []];
    this.recording.begin(start);
    this.owed = 0;
    this.publish(true);
  }

  play() {
    if (this.playing || !this.start || this.over || this.error !== null) return;
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

  /** Felt by the next step that is not yet computed. */
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

  dispose() {
    this.pause();
    this.frames.clear();
    this.pages.clear();
  }

  /** An arm has stepped: `latent` is the activation of the first feature before the edit. */
  protected note(index: number, arm: Standing, latent: number) {
    const history = this.history[index];
    history?.totals.push(arm.total);
    history?.latents.push(latent);
    if (arm.over) this.count(index, arm);
  }

  protected publish(page: boolean) {
    this.pose();
    this.redraw();
    const now = performance.now();
    if (!page && now - this.shownAt < PAGE_MS) return;
    this.shownAt = now;
    this.shown = this.look();
    this.pages.forEach((listener) => listener());
  }

  private count(index: number, arm: Standing) {
    const tally = this.tallies[index];
    if (!tally) return;
    tally.episodes += 1;
    tally.falls += arm.fell ? 1 : 0;
    tally.returns += arm.total;
    if (index === STEERED) this.recording.end(arm.steps, arm.fell);
  }

  private readonly frame = (now: number) => {
    if (!this.playing) return;
    const passed = Math.min(LONGEST_FRAME, (now - (this.before ?? now)) / 1000);
    this.before = now;
    this.owed += passed * this.speed;
    while (this.owed >= this.dt && !this.over && this.step()) this.owed -= this.dt;
    this.owed = Math.min(this.owed, LONGEST_FRAME); // steps that came late are made up for, but not a pause
    const { over } = this;
    this.playing = !over;
    this.publish(over);
    if (!over) this.request = requestAnimationFrame(this.frame);
  };

  private look(): Shown {
    const { playing, over, speed, start, force, error } = this;
    const arms = this.standings.map(({ steps, total, fell, over: ended }, index) => ({
      name: ARMS[index]?.name ?? "",
      steps,
      total,
      fell,
      over: ended,
      ...(this.tallies[index] ?? { episodes: 0, falls: 0, returns: 0 }),
    }));
    return { playing, over, speed, start, arms, force, error };
  }
}
