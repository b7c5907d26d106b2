import type { ReactNode } from "react";

import classes from "./SortButton.module.css";

interface Props {
  /** The rows are in this order now. */
  active: boolean;
  rising?: boolean;
  onClick: () => void;
  children: ReactNode;
}

/** The head of a column that orders the table; the arrow says which way it runs. */
export function SortButton({ active, rising = false, onClick, children }: Props) {
  return (
    <button type="button" className={classes.sort} data-active={active} onClick={onClick}>
      {children}
      {active && <span aria-hidden="true">{rising ? "↑" : "↓"}</span>}
    </button>
  );
}
