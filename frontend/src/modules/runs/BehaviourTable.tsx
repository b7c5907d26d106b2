import { Checkbox, SegmentedControl } from "@mantine/core";
import { useState } from "react";

import { decimalsFor, fixed, interval, num, percent, signed } from "@/lib/format";
import { pair, type Run } from "@/lib/types";
import { Explain, Formula } from "@/ui/Explain";
import { IntervalMark } from "@/ui/IntervalMark";
import { Saveable } from "@/ui/Saveable";

import { toneColor, toneOf } from "./arms";
import { behaviourRows, type BehaviourRow } from "./behaviour";
import { INFERENTIAL } from "./levels";
import classes from "./Compare.module.css";

interface Props {
  run: Run;
  measure: string;
  onMeasure: (key: string) => void;
}

/** What the change does to behaviour: every measure of this environment, paired by seed. */
export function BehaviourTable({ run, measure, onMeasure }: Props) {
  const changed = run.behaviour?.comparisons.map((each) => each.arm) ?? [];
  const [picked, setPicked] = useState<string | null>(null);
  const [only, setOnly] = useState(false);
  const arm = picked ?? changed.at(-1);
  if (!run.behaviour) return null;
  const rows = behaviourRows(run.behaviour, arm);
  const apart = rows.filter((row) => row.apart);
  const shown = only ? apart : rows;
  const color = toneColor(toneOf(run.arms.find((each) => each.name === arm) ?? { name: "", edits: [] }));
  return (
    <section className={classes.behaviour} aria-label="Behaviour">
      <div className={classes.figureHead}>
        <h3>Behaviour</h3>
        {changed.length > 1 && arm && (
          <SegmentedControl
            size="xs"
            aria-label="Arm against the baseline"
            value={arm}
            data={changed}
            onChange={setPicked}
          />
        )}
        {changed.length > 0 && run.episodes >= INFERENTIAL && (
          <Checkbox
            size="xs"
            label={`Only q < 0.05 (${apart.length})`}
            checked={only}
            onChange={(event) => setOnly(event.currentTarget.checked)}
          />
        )}
      </div>
      <Saveable title={`Behaviour in ${run.id}`} as="table">
        <div
          className={classes.seedScroll}
          style={{ maxHeight: 460 }}
          tabIndex={0}
          role="group"
          aria-label="Behaviour measures"
        >
          <table className={classes.seedTable}>
            <Head arm={arm} />
            <tbody>
              {shown.map((row, index) => (
                <Row
                  key={row.key}
                  row={row}
                  repeated={isRepeated(row, shown[index - 1])}
                  arm={arm}
                  color={color}
                  chosen={row.key === measure}
                  onChoose={() => onMeasure(row.key)}
                />
              ))}
            </tbody>
          </table>
        </div>
      </Saveable>
    </section>
  );
}

function Head({ arm }: { arm: string | undefined }) {
  return (
    <thead>
      <tr>
        <th scope="col">Measure</th>
        <th scope="col">baseline</th>
        {arm && (
          <>
            <th scope="col">{arm}</th>
            <th scope="col">
              Difference, 95&nbsp;% interval
              <Explain term="paired" />
            </th>
            <th scope="col">
              P(up)
              <Explain term="probability_up" />
            </th>
            <th scope="col">
              q<Explain term="q_value" />
            </th>
          </>
        )}
      </tr>
    </thead>
  );
}

interface RowProps {
  row: BehaviourRow;
  arm: string | undefined;
  color: string;
  chosen: boolean;
  /** The row above is not defined for the same reason, which is said there. */
  repeated: boolean;
  onChoose: () => void;
}

const isRepeated = (row: BehaviourRow, above: BehaviourRow | undefined) =>
  row.difference === null && above?.difference === null && above.reason === row.reason;

function Row({ row, arm, color, chosen, repeated, onChoose }: RowProps) {
  const decimals = Math.max(0, decimalsFor([row.before ?? 0, row.after ?? 0]) - 1);
  const fine = row.difference === null ? decimals : Math.min(5, decimals + 1);
  return (
    <tr data-hot={chosen} data-apart={row.apart}>
      <th scope="row">
        <button type="button" className={classes.measure} aria-pressed={chosen} onClick={onChoose}>
          {row.title}
        </button>
        <small className="muted"> {row.unit}</small>
        <Formula title={row.title} formula={row.formula} />
      </th>
      <td>{fixed(row.before, decimals)}</td>
      {arm && <td>{fixed(row.after, decimals)}</td>}
      {arm && <Difference row={row} decimals={fine} color={color} repeated={repeated} />}
      {arm && <td>{percent(row.probability, 0)}</td>}
      {arm && <td>{row.n < INFERENTIAL ? "–" : row.apart ? <b>{num(row.q, 2)}</b> : num(row.q, 2)}</td>}
    </tr>
  );
}

type DifferenceProps = Pick<RowProps, "row" | "color" | "repeated"> & { decimals: number };

function Difference({ row, decimals, color, repeated }: DifferenceProps) {
  if (row.difference === null)
    return (
      <td className="muted">{repeated ? "as above" : (row.reason ?? "undefined in one of the arms")}</td>
    );
  const ci = pair(row.ci);
  const extent = 1.1 * Math.max(Math.abs(row.difference), ...(ci ?? [0]).map(Math.abs));
  return (
    <td>
      <span className={classes.rate}>
        <IntervalMark value={row.difference} ci={ci} color={color} extent={extent} />
        <span>
          {row.apart ? <b>{signed(row.difference, decimals)}</b> : signed(row.difference, decimals)}{" "}
          <small className="muted">{interval(ci, decimals, true)}</small>
        </span>
      </span>
    </td>
  );
}
