import { ago } from "@/lib/format";
import type { RunSummary, StudyKind } from "@/lib/types";
import { RunLines } from "@/modules/runs/RunLines";
import { Empty } from "@/ui/States";

import { KINDS } from "./use-study";
import { Sketch } from "./Sketch";
import classes from "../Effects.module.css";

const NEXT: Record<StudyKind, string> = {
  dose_response:
    "Choose a feature and measure it at several doses of both signs. The curve appears here among random directions and three simpler handles.",
  calibration:
    "Say what should change and by how much. The dose appears here with its safe range and a confirmation on fresh seeds.",
  scan: "Push every alive feature both ways. What was run appears here; only what holds on fresh seeds is called a finding.",
};

const SHOWN = 4;

interface Props {
  kind: StudyKind;
  /** Every run of the model. */
  runs: readonly RunSummary[];
  onStudy: (run: string) => void;
}

/** Before the first study of a kind: the next step, the figure it leads to, and what was studied in other ways. */
export function NotMeasured({ kind, runs, onStudy }: Props) {
  const others = runs.filter((run) => run.kind !== "comparison" && run.state === "done").slice(0, SHOWN);
  return (
    <div className={classes.awaited}>
      <Empty title="Not measured yet">{NEXT[kind]}</Empty>
      <Sketch kind={kind} />
      {others.length > 0 && (
        <section className={classes.others}>
          <h3>Other studies of this model</h3>
          <RunLines
            runs={others}
            onOpen={(run) => onStudy(run.id)}
            note={(run) => (
              <>
                {KINDS.find(({ value }) => value === run.kind)?.label}, {run.env}, {ago(run.created_at)}
              </>
            )}
          />
        </section>
      )}
    </div>
  );
}
