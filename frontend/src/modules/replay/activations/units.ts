import type { Signal } from "../decode";

/** A colour as red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

export interface Scale {
  negative: Rgb;
  zero: Rgb;
  positive: Rgb;
  /** Value of the full colours. */
  largest: number;
}

/** What lifts small values above the ground without making them look large. */
const GAMMA = 0.7;

export function largestOf(signals: readonly Signal[]): number {
  let largest = 0;
  for (const { data } of signals) for (const value of data) largest = Math.max(largest, Math.abs(value));
  return largest;
}

/** Units in the order in which they are strongest for the first time; the order of their numbers otherwise. */
export function orderOf(signal: Signal, byPeak: boolean): number[] {
  const units = Array.from({ length: signal.channels }, (_, unit) => unit);
  if (!byPeak) return units;
  const peaks = units.map((unit) => peakOf(signal, unit));
  return units.sort((a, b) => (peaks[a] ?? 0) - (peaks[b] ?? 0) || a - b);
}

/** Step of the largest value; after the last step for a unit that never changes. */
function peakOf({ data, length }: Signal, unit: number): number {
  let [at, most, least] = [0, -Infinity, Infinity];
  for (let step = 0; step < length; step++) {
    const value = data[unit * length + step] ?? 0;
    least = Math.min(least, value);
    if (value > most) [at, most] = [step, value];
  }
  return most > least ? at : length;
}

/** One minus the other while both go on. */
export function difference(one: Signal, other: Signal): Signal {
  const length = Math.min(one.length, other.length);
  const data = new Float32Array(length * one.channels);
  for (let unit = 0; unit < one.channels; unit++)
    for (let step = 0; step < length; step++)
      data[unit * length + step] =
        (one.data[unit * one.length + step] ?? 0) - (other.data[unit * other.length + step] ?? 0);
  return { length, channels: one.channels, data };
}

/** A pixel per unit and step: rows of units in `order`, `steps` wide; where an episode has ended the pixel is clear. */
export function pixels(signal: Signal, order: readonly number[], steps: number, scale: Scale) {
  const image = new Uint8ClampedArray(4 * steps * order.length);
  for (const [row, unit] of order.entries())
    for (let step = 0; step < Math.min(steps, signal.length); step++) {
      const value = signal.data[unit * signal.length + step] ?? 0;
      const share = scale.largest > 0 ? Math.min(1, Math.abs(value) / scale.largest) ** GAMMA : 0;
      const end = value < 0 ? scale.negative : scale.positive;
      const at = 4 * (row * steps + step);
      for (let part = 0; part < 3; part++)
        image[at + part] = (1 - share) * (scale.zero[part] ?? 0) + share * (end[part] ?? 0);
      image[at + 3] = 255;
    }
  return image;
}

/** "#2f70cf" as its three parts. */
export function rgbOf(hex: string): Rgb {
  const value = Number.parseInt(hex.trim().replace("#", ""), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
