import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { count, figures, num, percent, signed } from "@/lib/format";
import type { Sweep, SweepCell } from "@/lib/types";
import { isFinished } from "@/modules/runs/use-job";
import { Explain } from "@/ui/Explain";
import { Saveable } from "@/ui/Saveable";
import { Sample } from "@/ui/SurvivalChart";
import tableClasses from "@/ui/Table.module.css";

import { downloadCell } from "./api";
import { TRANSCODERS } from "./form";
import type { TrainingRun } from "./runs";
import { shares } from "./sentence";
import classes from "./Training.module.css";

interface Props {
  sweep: Sweep;
  runs: TrainingRun[];
  hidden: ReadonlySet<string>;
  onToggle: (key: string) => void;
  onHot: (key: string | null) => void;
  onUse: (cell: number) => void;
  using: number | null;
}

const WORDS: Record<SweepCell["state"], string> = {
  waiting: "waiting",
  training: "training",
  trained: "waits for the gate",
  done: "",
};

/** How far it is; one that was interrupted says where it will go on. */
function stateWord({ state, curves }: SweepCell, ended: boolean): string {
  const step = curves?.step?.at(-1);
  return ended && state === "waiting" && step != null ? `stopped at step ${count(step)}` : WORDS[state];
}

/** Every training by name and colour, with its numbers; a box shows or hides its curves. */
export function RunTable(props: Props) {
  const { runs, sweep } = props;
  return (
    <Saveable title="Trainings" as="table">
      <div className={tableClasses.scroll}>
        <table className={`${tableClasses.plain} ${classes.runs}`}>
          <thead>
            <tr>
              <th scope="col">Training</th>
              <th scope="col">L0</th>
              <th scope="col">FVU</th>
              <th scope="col">Feedback FVU</th>
              <th scope="col">Dead</th>
              <th scope="col">Return recovered</th>
              <th scope="col">Falls added</th>
              <th scope="col">Gate</th>
              <th scope="col">Keep</th>
            </tr>
          </thead>
          <tbody onMouseLeave={() => props.onHot(null)}>
            {runs.map((run) => (
              <Row key={run.key} run={run} own={run.key.startsWith(`${sweep.sweep_id}/`)} {...props} />
            ))}
            <AffineMap sweep={sweep} />
          </tbody>
        </table>
      </div>
    </Saveable>
  );
}

function Row({
  run,
  own,
  sweep,
  hidden,
  onToggle,
  onHot,
  onUse,
  using,
}: Props & { run: TrainingRun; own: boolean }) {
  const { cell } = run;
  const ended = isFinished(sweep.job.state);
  const kept = own && cell.number === sweep.recommended;
  const gate = cell.gate;
  return (
    <tr data-kept={kept} onMouseEnter={() => onHot(run.key)}>
      <th scope="row">
        <label className={classes.run}>
          <input type="checkbox" checked={!hidden.has(run.key)} onChange={() => onToggle(run.key)} />
          <Sample color={run.color} dash={run.dash} />
          {run.label}
          {kept && <small className={classes.badge}>recommended</small>}
        </label>
      </th>
      <td>{num(cell.l0)}</td>
      <td>{figures(cell.fvu)}</td>
      <td>{figures(cell.feedback_fvu)}</td>
      <td>{cell.dead_features ?? "–"}</td>
      <td>
        {gate ? (
          <>
            {percent(gate.return_recovered)} <small>{shares(gate.interval)}</small>
          </>
        ) : (
          <small>{stateWord(cell, ended)}</small>
        )}
      </td>
      <td>{gate ? `${signed((gate.added_falls ?? 0) * 100, 0)}\u00a0points` : "–"}</td>
      <td>{gate ? (gate.passes ? "passes" : "fails") : "–"}</td>
      <td>{own && gate && <Keep sweep={sweep} run={run} kept={kept} onUse={onUse} using={using} />}</td>
    </tr>
  );
}

/** What a transcoder has to beat: the best map between its taps that has no latents at all. */
function AffineMap({ sweep }: { sweep: Sweep }) {
  const map = sweep.cells.find((cell) => cell.affine_map != null)?.affine_map;
  if (!map) return null;
  return (
    <tr data-reference>
      <th scope="row">
        Best affine map, no latents <Explain term="affine_map" />
      </th>
      <td>–</td>
      <td>{figures(map.fvu)}</td>
      <td>{figures(map.feedback_fvu)}</td>
      <td>–</td>
      <td>
        <small>not played</small>
      </td>
      <td>–</td>
      <td>–</td>
      <td />
    </tr>
  );
}

interface KeepProps extends Pick<Props, "sweep" | "onUse" | "using"> {
  run: TrainingRun;
  kept: boolean;
}

/** Steer with it, or take it along. */
function Keep({ sweep, run, kept, onUse, using }: KeepProps) {
  const { cell } = run;
  return (
    <span className={classes.actions}>
      {!TRANSCODERS.includes(cell.variant) && (
        <Button
          size="compact-xs"
          variant={kept ? "filled" : "default"}
          loading={using === cell.number}
          disabled={using !== null}
          onClick={() => onUse(cell.number)}
          aria-label={`Use this SAE: ${run.label}`}
        >
          Use this SAE
        </Button>
      )}
      <SaveFile sweep={sweep.sweep_id} cell={cell.number} label={run.label} />
    </span>
  );
}

/** The weights as a file of their own: the only use of a transcoder here, since it has no one tap to steer. */
function SaveFile({ sweep, cell, label }: { sweep: string; cell: number; label: string }) {
  const save = useMutation({ mutationFn: () => downloadCell(sweep, cell) });
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      loading={save.isPending}
      title={save.error?.message ?? "As a safetensors file"}
      color={save.error ? "red" : undefined}
      onClick={() => save.mutate()}
      aria-label={`Save the file: ${label}`}
    >
      {save.error ? "Not saved" : "Save file"}
    </Button>
  );
}
