import { scaleLinear } from "d3-scale";

import classes from "./Chart.module.css";

interface Props {
  value: number;
  ci: readonly [number, number] | null;
  color: string;
  /** The largest size on this row's axis; zero stays in the middle. */
  extent: number;
}

const WIDTH = 150;
const HEIGHT = 22;

/** A difference and its 95 % interval on an axis with zero in the middle. An interval that leaves zero out is clear at a glance. */
export function IntervalMark({ value, ci, color, extent }: Props) {
  const x = scaleLinear()
    .domain([-extent || -1, extent || 1])
    .range([6, WIDTH - 6])
    .clamp(true);
  const middle = HEIGHT / 2;
  return (
    <svg
      className={classes.interval}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
    >
      <line className={classes.zero} x1={x(0)} x2={x(0)} y1={0} y2={HEIGHT} />
      <line className={classes.grid} x1={6} x2={WIDTH - 6} y1={middle} y2={middle} />
      {ci && (
        <line
          stroke={color}
          strokeWidth={2.5}
          strokeLinecap="round"
          x1={x(ci[0])}
          x2={x(ci[1])}
          y1={middle}
          y2={middle}
        />
      )}
      <circle cx={x(value)} cy={middle} r={4.2} fill={color} stroke="var(--surface)" strokeWidth={1.5} />
    </svg>
  );
}

/** An axis that holds every interval of a row with a little air. */
export function extentOf(
  entries: readonly { value: number | null; ci: readonly [number, number] | null }[],
): number {
  return 1.1 * Math.max(0, ...entries.flatMap(({ value, ci }) => [value ?? 0, ...(ci ?? [])].map(Math.abs)));
}
