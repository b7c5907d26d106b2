import type { CSSProperties, ReactNode } from "react";

import classes from "./ArmName.module.css";

/** An arm's name behind its own mark, so that colour never stands alone. */
export function ArmName({
  color,
  hollow = false,
  children,
}: {
  color: string;
  hollow?: boolean;
  children: ReactNode;
}) {
  return (
    <span className={classes.arm} style={{ "--arm": color } as CSSProperties}>
      <i data-hollow={hollow} aria-hidden="true" />
      {children}
    </span>
  );
}
