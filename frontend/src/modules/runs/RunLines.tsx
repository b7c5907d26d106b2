import type { ReactNode } from "react";

import { unbroken } from "@/lib/format";
import type { RunSummary } from "@/lib/types";

import classes from "./Runs.module.css";

interface Props {
  runs: readonly RunSummary[];
  onOpen: (run: RunSummary) => void;
  /** What stands small below a run's sentence. */
  note: (run: RunSummary) => ReactNode;
}

/** Runs by what they found: the sentence opens the run. */
export function RunLines({ runs, onOpen, note }: Props) {
  return (
    <ul className={classes.recent}>
      {runs.map((run) => (
        <li key={run.id}>
          <button type="button" onClick={() => onOpen(run)}>
            {unbroken(run.sentence ?? `${run.env}: ${run.state}`)}
          </button>
          <small>{note(run)}</small>
        </li>
      ))}
    </ul>
  );
}
