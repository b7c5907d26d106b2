// How finely the 3-D view is drawn: as finely as keeps up with the screen, and fully once it stands still.

const WINDOW = 12;
const SLOW_MS = 30;
const FAST_MS = 19;
/** Longer gaps are no frames: the tab slept, or nothing moved. */
const PAUSE_MS = 400;

export class Resolution {
  /** Pixels drawn per pixel of the page, along each side. */
  ratio: number;
  private readonly most: number;
  private readonly least: number;
  private gaps: number[] = [];
  private before: number | undefined;

  constructor(most: number, least: number) {
    this.ratio = most;
    this.most = most;
    this.least = Math.min(least, most);
  }

  /** A frame was drawn at `now`, in milliseconds. True when the ratio has changed. */
  frame(now: number): boolean {
    const gap = this.before === undefined ? Infinity : now - this.before;
    this.before = now;
    if (gap > PAUSE_MS) return false;
    this.gaps.push(gap);
    if (this.gaps.length < WINDOW) return false;
    const median = [...this.gaps].sort((a, b) => a - b)[WINDOW / 2] ?? 0;
    this.gaps = [];
    const next = median > SLOW_MS ? this.ratio * 0.75 : median < FAST_MS ? this.ratio * 1.15 : this.ratio;
    const kept = Math.min(this.most, Math.max(this.least, next));
    const changed = kept !== this.ratio;
    this.ratio = kept;
    return changed;
  }
}
