import classes from "./Verdict.module.css";

export type Level = "good" | "caution" | "poor" | "none";

/** A judgement in a word or two. */
export function Verdict({ level, children }: { level: Level; children: string }) {
  return (
    <strong className={classes.verdict} data-level={level}>
      {children}
    </strong>
  );
}
