// What the dose-response chart draws, from the numbers of the study; no pixels here.
import { pair, type DosePoint, type DoseResponse, type Effect, type Interval } from "@/lib/types";

export interface Dot {
  dose: number;
  value: number;
}

export interface Ribbon {
  dose: number;
  low: number;
  high: number;
}

export interface Line {
  key: string;
  label: string;
  dash: string;
  dots: Dot[];
}

const DASHES = ["7 3", "2 3", "8 3 2 3", "4 2"];
const ORIGIN: Dot = { dose: 0, value: 0 };

const isNumber = (value: number | null | undefined): value is number =>
  value !== null && value !== undefined && Number.isFinite(value);

/** Means by dose with the origin put in: α = 0 is exactly no change. */
export function means(points: readonly Effect[]): Dot[] {
  const dots = points.flatMap(({ dose, mean_difference: value }) =>
    isNumber(dose) && isNumber(value) ? [{ dose, value }] : [],
  );
  return [...dots, ORIGIN].sort((a, b) => a.dose - b.dose);
}

function ribbon(points: readonly DosePoint[], read: (point: DosePoint) => Interval | null): Ribbon[] {
  const parts = points.flatMap((point) => {
    const ends = read(point);
    return isNumber(point.dose) && ends ? [{ dose: point.dose, low: ends[0], high: ends[1] }] : [];
  });
  return parts.length === 0 ? [] : [...parts, { dose: 0, low: 0, high: 0 }].sort((a, b) => a.dose - b.dose);
}

export const band = (points: readonly DosePoint[]) => ribbon(points, (point) => pair(point.band));

export const randomBand = (points: readonly DosePoint[]) =>
  ribbon(points, ({ random }) => (random ? pair([random.low, random.high]) : null));

/** What the effect would be at each dose if the signs were exact opposites. */
export const mirrored = (dots: readonly Dot[]): Dot[] =>
  dots.map(({ dose, value }) => ({ dose: -dose || 0, value: -value || 0 })).sort((a, b) => a.dose - b.dose);

/** The simpler handles at the same displacement, and the feature's own sign flip. */
export function controlLines({ points, controls }: DoseResponse): Line[] {
  const named = controls.map((control, index) => ({
    key: control.name,
    label: control.name,
    dash: DASHES[index % DASHES.length] ?? "4 2",
    dots: means(control.points),
  }));
  const flip = { key: "flip", label: "sign flip, mirrored", dash: "1 3", dots: mirrored(means(points)) };
  return [...named, flip];
}

/** Limits of the effect axis: all of the feature and the random band; controls may leave it. */
export function extent(points: readonly DosePoint[]): [number, number] {
  const values = [
    ...means(points).map((dot) => dot.value),
    ...[...band(points), ...randomBand(points)].flatMap(({ low, high }) => [low, high]),
  ];
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const air = 0.12 * (high - low) || 1;
  return [low - air, high + air];
}

export const largestDose = (points: readonly DosePoint[]) =>
  Math.max(0.01, ...points.map((point) => Math.abs(point.dose ?? 0)));

/** The point whose dose is nearest. */
export function nearest(points: readonly DosePoint[], dose: number): number {
  const distances = points.map((point) => Math.abs((point.dose ?? Infinity) - dose));
  return distances.indexOf(Math.min(...distances));
}
