import classes from "./Bar.module.css";

interface Props {
  value: number | null;
  /** The value at which the bar is full. */
  scale: number;
  signed?: boolean;
}

/** A thin bar beside a number: from the middle for signed values (blue left, orange right), from the left for shares. */
export function Bar({ value, scale, signed = false }: Props) {
  const share = value === null ? 0 : Math.min(1, Math.abs(value) / scale);
  const side = value !== null && value < 0 ? "neg" : "pos";
  return (
    <span className={classes.bar} data-signed={signed} aria-hidden="true">
      <i data-side={signed ? side : "share"} style={{ width: `${share * (signed ? 50 : 100)}%` }} />
    </span>
  );
}
