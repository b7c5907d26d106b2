import classes from "./Chart.module.css";

/** A rate between 0 and 1 with its interval: a dot on a line from 0 % to 100 %. */
export function RateMark({
  rate,
  ci,
  color,
}: {
  rate: number;
  ci: readonly [number, number] | null;
  color: string;
}) {
  const x = (value: number) => 5 + value * 80;
  return (
    <svg className={classes.interval} width={90} height={14} viewBox="0 0 90 14" aria-hidden="true">
      <line className={classes.grid} x1={x(0)} x2={x(1)} y1={7} y2={7} />
      {ci && (
        <line
          stroke={color}
          strokeWidth={2}
          strokeLinecap="round"
          opacity={0.55}
          x1={x(ci[0])}
          x2={x(ci[1])}
          y1={7}
          y2={7}
        />
      )}
      <circle cx={x(rate)} cy={7} r={3.4} fill={color} />
    </svg>
  );
}
