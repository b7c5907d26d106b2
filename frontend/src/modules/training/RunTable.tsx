import { Button } from "@mantine/core";

import { fixed, interval, num, percent, signed } from "@/lib/format";
import type { Sweep, SweepCell } from "@/lib/types";
import { Saveable } from "@/ui/Saveable";
import { Sample } from "@/ui/SurvivalChart";
import tableClasses from "@/ui/Table.module.css";

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
              <th scope="col" />
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
            {percent(gate.return_recovered)} <small>{interval(gate.interval, 3)}</small>
          </>
        ) : (
          <small>{WORDS[cell.state]}</small>
        )}
      </td>
      <td>{gate ? `${signed((gate.added_falls ?? 0) * 100, 0)} points` : "–"}</td>
      <td>{gate ? (gate.passes ? "passes" : "fails") : "–"}</td>
      <td>
        {own && gate && (
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
      </td>
    </tr>
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
                  {percent(each.return_recovered)} <small>{interval(each.interval, 3)}</small>
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
