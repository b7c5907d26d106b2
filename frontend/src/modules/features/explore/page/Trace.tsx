import classes from "./Page.module.css";

interface Props {
  values: readonly (number | null)[];
  low: number;
  high: number;
  /** The moment, as an index. */
  at: number;
  height: number;
  fill?: boolean;
}

/** A line over the steps of a clip, stretched to its box, with a mark at the moment. */
export function Trace({ values, low, high, at, height, fill = false }: Props) {
  const last = Math.max(1, values.length - 1);
  const span = high - low || 1;
  const points = values.map((value, index) => {
    const y = 1 + (1 - ((value ?? low) - low) / span) * (height - 2);
    return `${((100 * index) / last).toFixed(2)},${y.toFixed(2)}`;
  });
  const line = points.join(" ");
  const zero = 1 + (1 - (0 - low) / span) * (height - 2);
  return (
    <svg
      className={classes.trace}
      viewBox={`0 0 100 ${height}`}
      height={height}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {low < 0 && high > 0 && <line className={classes.zero} x1={0} x2={100} y1={zero} y2={zero} />}
      <line className={classes.moment} x1={(100 * at) / last} x2={(100 * at) / last} y1={0} y2={height} />
      {fill && <polygon className={classes.area} points={`0,${height - 1} ${line} 100,${height - 1}`} />}
      <polyline className={classes.line} points={line} />
    </svg>
  );
}
