import { scaleLinear, scaleLog } from "d3-scale";

import type { Term } from "@/lib/glossary";

export interface Measure {
  name: "fvu" | "feedback_fvu" | "return_recovered";
  title: string;
  term: Term;
  log: boolean;
  gate?: number;
}

export interface Span {
  name: string;
  at: number;
  low: number;
  high: number;
}

export const HEIGHT = 236;
export const PAD = { top: 14, right: 18, bottom: 36, left: 50 };

/** Scales that hold every value, interval and gate; one value alone lies in the middle. */
export function axes(
  placed: { l0: number; value: number }[],
  spans: Span[],
  measure: Measure,
  width: number,
) {
  const values = [
    ...placed.map(({ value }) => value).filter((value) => !measure.log || value > 0),
    ...spans.flatMap(({ low, high }) => [low, high]),
    ...(measure.gate === undefined ? [] : [measure.gate]),
  ];
  const low = Math.min(...values, measure.log ? Infinity : 0.8);
  const high = Math.max(...values, measure.log ? -Infinity : 1);
  const range: [number, number] = [HEIGHT - PAD.bottom, PAD.top];
  const bounds: [number, number] =
    values.length === 0 ? [0.01, 1] : high > low ? [low, high] : [low / 3, low * 3];
  const y = measure.log
    ? scaleLog()
        .domain([bounds[0] * 0.8, bounds[1] * 1.2])
        .range(range)
    : scaleLinear().domain(bounds).nice(4).range(range);
  const x = scaleLinear()
    .domain([0, Math.max(1, ...placed.map(({ l0 }) => l0)) * 1.08])
    .range([PAD.left, Math.max(PAD.left + 20, width - PAD.right)]);
  const shown = y.ticks(4);
  const ticks = shown.length > 6 ? shown.filter((tick) => /^[125]/.test(tick.toExponential())) : shown;
  return { x, y, ticks };
}
