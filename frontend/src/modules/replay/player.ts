// Playback: one clock for bodies, charts and the time bar. React subscribes to what it shows.
import { useSyncExternalStore } from "react";

export const SPEEDS = [0.1, 0.25, 0.5, 1, 2] as const;

export interface PlayerState {
  /** Step on show, a whole number from 0 to last. */
  step: number;
  playing: boolean;
  speed: number;
  loop: boolean;
}

/** How often text and charts follow while it plays; bodies are drawn at every frame. */
const PAGE_MS = 80;

/** What the first frame after Play counts for: one of sixty a second. */
const FIRST_S = 1 / 60;

export class Player {
  readonly last: number;
  private readonly dt: number;
  private state: PlayerState;
  private readonly listeners = new Set<() => void>();
  private readonly pages = new Set<() => void>();
  private shown: PlayerState;
  private shownAt = 0;
  private exact = 0;
  private before: number | undefined;
  private request: number | undefined;

  /** `dt`: seconds per step. */
  constructor(steps: number, dt: number, speed = 1, loop = true) {
    this.last = Math.max(0, steps - 1);
    this.dt = dt;
    this.state = { step: 0, playing: false, speed, loop };
    this.shown = this.state;
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly get = () => this.state;

  /** For what is slow to redraw: the same state, at most every `PAGE_MS` while it plays. */
  readonly subscribePage = (listener: () => void) => {
    this.pages.add(listener);
    return () => this.pages.delete(listener);
  };

  readonly getPage = () => this.shown;

  seek(step: number) {
    this.exact = Math.min(this.last, Math.max(0, step));
    this.set({ step: Math.round(this.exact) });
  }

  toggle() {
    if (this.state.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.state.step >= this.last) this.seek(0);
    this.set({ playing: true });
    this.before = undefined;
    this.request ??= requestAnimationFrame(this.tick);
  }

  pause() {
    this.set({ playing: false });
    if (this.request !== undefined) cancelAnimationFrame(this.request);
    this.request = undefined;
  }

  /** One step back or forth, standing still. */
  nudge(by: number) {
    this.pause();
    this.seek(this.state.step + by);
  }

  setSpeed(speed: number) {
    this.set({ speed });
  }

  setLoop(loop: boolean) {
    this.set({ loop });
  }

  /** Move on by `seconds` of wall clock; the frame loop calls it, and tests do. */
  advance(seconds: number) {
    this.exact += (seconds * this.state.speed) / this.dt;
    if (this.exact > this.last) {
      if (!this.state.loop) {
        this.seek(this.last);
        this.pause();
        return;
      }
      this.exact = this.last === 0 ? 0 : this.exact % (this.last + 1);
    }
    const step = Math.min(this.last, Math.floor(this.exact));
    if (step !== this.state.step) this.set({ step });
  }

  private readonly tick = (now: number) => {
    // A tab that slept must not jump: no frame counts for more than a tenth of a second. The first moves too.
    const seconds = this.before === undefined ? FIRST_S : Math.min(0.1, (now - this.before) / 1000);
    this.before = now;
    this.request = requestAnimationFrame(this.tick);
    this.advance(seconds);
  };

  private set(patch: Partial<PlayerState>) {
    const before = this.state;
    this.state = { ...before, ...patch };
    for (const listener of this.listeners) listener();
    const now = performance.now();
    if (this.state.playing && before.playing && now - this.shownAt < PAGE_MS) return;
    this.shown = this.state;
    this.shownAt = now;
    for (const listener of this.pages) listener();
  }
}

export const usePlayer = (player: Player) => useSyncExternalStore(player.subscribePage, player.getPage);
