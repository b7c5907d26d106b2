import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { fixed, interval, num, percent, signed } from "@/lib/format";
import type { Sweep, SweepCell } from "@/lib/types";
import { Saveable } from "@/ui/Saveable";
import { Sample } from "@/ui/SurvivalChart";
import tableClasses from "@/ui/Table.module.css";

import { downloadCell } from "./api";
import { TRANSCODERS } from "./form";
import type { TrainingRun } from "./runs";
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

/** Bounds in the percent of the number that they stand beside. */
const shares = (ci: readonly (number | null)[] | null) =>
  interval(
    ci?.map((each) => (each === null ? null : each * 100)),
    1,
  );

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
      <td>{num(cell.fvu)}</td>
      <td>{num(cell.feedback_fvu)}</td>
      <td>{cell.dead_features ?? "–"}</td>
      <td>
        {gate ? (
          <>
            {percent(gate.return_recovered)} <small>{shares(gate.interval)}</small>
          </>
        ) : (
          <small>{WORDS[cell.state]}</small>
        )}
      </td>
      <td>{gate ? `${signed((gate.added_falls ?? 0) * 100, 0)} points` : "–"}</td>
      <td>{gate ? (gate.passes ? "passes" : "fails") : "–"}</td>
      <td>{own && gate && <Keep sweep={sweep} run={run} kept={kept} onUse={onUse} using={using} />}</td>
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

/** What training seeds have in common, where there are several. */
export function SeedAgreement({ sweep }: { sweep: Sweep }) {
  const compared = sweep.configurations.filter((each) => each.stability !== null);
  if (compared.length === 0) return null;
  return (
    <Saveable title="Agreement of training seeds" as="table">
      <div className={tableClasses.scroll}>
        <table className={tableClasses.plain}>
          <thead>
            <tr>
              <th scope="col">Training seeds agree</th>
              <th scope="col">Over all seeds: return recovered</th>
              <th scope="col">PW-MCC</th>
              <th scope="col">Nulls: random, like the data, data points</th>
              <th scope="col">Stable features</th>
              <th scope="col">Crowding</th>
            </tr>
          </thead>
          <tbody>
            {compared.map((each) => (
              <tr key={`${each.variant} ${each.d_latent} ${each.k}`}>
                <th scope="row">
                  k {each.k} of {each.d_latent}, {each.variant}
                </th>
                <td>
                  {percent(each.return_recovered)} <small>{shares(each.interval)}</small>
                </td>
                <td>{fixed(each.stability?.pw_mcc, 2)}</td>
                <td>{each.stability?.nulls.map((one) => fixed(one.pw_mcc, 2)).join(", ")}</td>
                <td>{percent(each.stability?.stable_share, 0)}</td>
                <td>{fixed(each.crowding, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Saveable>
  );
}
