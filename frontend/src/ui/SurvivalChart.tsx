import { scaleLinear } from "d3-scale";
import { useState, type KeyboardEvent } from "react";

import { count, percent } from "@/lib/format";
import { Saveable } from "./Saveable";

import classes from "./Chart.module.css";
import { useSize } from "./use-size";

export interface SurvivalCurve {
  label: string;
  color: string;
  /** Of the line; solid when absent. Colour never stands alone. */
  dash?: string;
  strong?: boolean;
  /** Share of episodes not ended, one per step of the axis. */
  values: number[];
}

interface Props {
  steps: number[];
  curves: SurvivalCurve[];
  height: number;
  label: string;
}

const PAD = { top: 10, bottom: 34, left: 44, right: 12 };
const MOVES: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 };

/** How many episodes are still going at each step: one staircase per arm, read off by pointer or arrow keys. */
export function SurvivalChart({ steps, curves, height, label }: Props) {
  const [ref, { width }] = useSize();
  const [at, setAt] = useState<number | null>(null);
  const last = steps.length - 1;
  const x = scaleLinear()
    .domain([0, Math.max(1, steps[last] ?? 1)])
    .range([PAD.left, Math.max(PAD.left + 20, width - PAD.right)]);
  const y = scaleLinear()
    .domain([0, 1])
    .range([height - PAD.bottom, PAD.top]);
  const clamp = (index: number) => Math.max(0, Math.min(last, index));
  const onPoint = (px: number) => {
    const step = x.invert(px);
    const nearest = steps.findIndex((value) => value >= step);
    setAt(clamp(nearest === -1 ? last : nearest));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = MOVES[event.key];
    if (move === undefined) return;
    event.preventDefault();
    setAt((old) => clamp((old ?? 0) + move));
  };
  return (
    <Saveable title="Episodes still going" as="drawing">
      <div ref={ref} className={classes.chart}>
        {width > 0 && (
          <svg
            width={width}
            height={height}
            role="img"
            aria-label={label}
            tabIndex={0}
            onKeyDown={onKeyDown}
            onBlur={() => setAt(null)}
            onMouseMove={(event) => onPoint(event.clientX - event.currentTarget.getBoundingClientRect().left)}
            onMouseLeave={() => setAt(null)}
          >
            {[0, 0.5, 1].map((share) => (
              <g key={share} transform={`translate(0 ${y(share)})`}>
                <line className={classes.grid} x1={PAD.left} x2={width - PAD.right} />
                <text className={classes.tick} x={PAD.left - 8} dy="0.32em" textAnchor="end">
                  {percent(share, 0)}
                </text>
              </g>
            ))}
            {x.ticks(6).map((step) => (
              <text
                key={step}
                className={classes.tick}
                x={x(step)}
                y={height - PAD.bottom + 15}
                textAnchor="middle"
              >
                {count(step)}
              </text>
            ))}
            <text
              className={classes.axis}
              x={(PAD.left + width - PAD.right) / 2}
              y={height - 3}
              textAnchor="middle"
            >
              step
            </text>
            {curves.map((curve) => (
              <path
                key={curve.label}
                d={staircase(curve.values.map((value, index) => [x(steps[index] ?? 0), y(value)]))}
                fill="none"
                stroke={curve.color}
                strokeWidth={curve.strong ? 2.6 : 1.6}
                strokeDasharray={curve.dash}
              />
            ))}
            {at !== null && (
              <line
                className={classes.zero}
                x1={x(steps[at] ?? 0)}
                x2={x(steps[at] ?? 0)}
                y1={PAD.top}
                y2={height - PAD.bottom}
              />
            )}
          </svg>
        )}
        <ul className={classes.legend} aria-label={at === null ? "Curves" : `At step ${steps[at] ?? 0}`}>
          <li className={classes.legendNote}>
            {at === null ? "At the end:" : `At step ${count(steps[at] ?? 0)}:`}
          </li>
          {curves.map((curve) => (
            <li key={curve.label}>
              <Sample color={curve.color} dash={curve.dash} />
              {curve.label} <b>{percent(curve.values[at ?? last], 0)}</b>
            </li>
          ))}
        </ul>
      </div>
    </Saveable>
  );
}

/** A short piece of the line as it is drawn, for legends. */
export function Sample({ color, dash }: { color: string; dash?: string | undefined }) {
  return (
    <svg width={22} height={8} aria-hidden="true">
      <line x1={1} x2={21} y1={4} y2={4} stroke={color} strokeWidth={2} strokeDasharray={dash} />
    </svg>
  );
}

/** A curve that keeps its value until the next step. */
export function staircase(points: [number, number][]): string {
  return points.map(([px, py], index) => (index === 0 ? `M${px} ${py}` : `H${px}V${py}`)).join("");
}
