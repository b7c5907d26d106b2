// What every study asks for, and how many episodes that makes before it is started.
import { count, plural } from "@/lib/format";

export interface Common {
  env: string | null;
  measure: string | null;
  episodes: number | string;
  steps: number | string | null;
  seed: number | string;
}

/** What a study proposes; null is the environment's own. */
export const proposed = (episodes: number): Common => ({
  env: null,
  measure: null,
  episodes,
  steps: null,
  seed: 0,
});

export const SIZES = [0.01, 0.02, 0.05, 0.1, 0.15];
const CONTROLS = 3; // neuron, principal axis, difference in means
const RANDOM = 20; // directions in calibrations and scans
const LADDER = 37; // arms played at most on the seeds of the search: baseline, ladder of both signs, bracketing

export function doseResponseEpisodes(sizes: number, random: number, seeds: number): number {
  return (1 + 2 * sizes * (1 + CONTROLS) + sizes * random) * seeds;
}

export function scanEpisodes(features: number, seeds: number, winners: number, fresh: number): number {
  return (1 + 2 * features) * seeds + (1 + RANDOM + winners) * fresh;
}

export function calibrationEpisodes(seeds: number, fresh: number): number {
  return LADDER * seeds + (RANDOM + 6) * fresh;
}

/** Why the button waits, where nothing else says so. */
export const NO_FEATURE = "Choose a feature first. ";

/** Said before a study starts: its size, and whether it can be significant at all. */
export function sizeText(episodes: number, seeds: number, steps: number | undefined, most = false): string {
  const each = steps ? ` of at most ${plural(steps, "step")}` : "";
  const text = `${most ? "At most " : ""}${count(episodes)} episodes${each}.`;
  return seeds < 6 ? `${text} A preview: nothing is called significant under six seeds.` : text;
}

/** Doses typed as a list: sizes between 0 and 1, each once, rising; null when one cannot be read. */
export function parseSizes(text: string): number[] | null {
  const words = text.split(/[\s,;]+/).filter((word) => word !== "");
  const sizes = words.map(Number);
  if (sizes.length === 0 || sizes.length > 12 || sizes.some((size) => !(size > 0 && size <= 1))) return null;
  return [...new Set(sizes)].sort((a, b) => a - b);
}
