import { Checkbox } from "@mantine/core";

import { decimalsFor, interval, num, signed } from "@/lib/format";
import { pair, type Comparison, type Run, type RunArm } from "@/lib/types";
import { ArmName } from "@/ui/ArmName";
import { extentOf, IntervalMark } from "@/ui/IntervalMark";
import { Saveable } from "@/ui/Saveable";

import { armBrief, armText, toneColor, toneOf } from "./arms";
import { MOST_SHOWN } from "./pick-arms";
import classes from "./Compare.module.css";

interface Props {
  run: Run;
  chosen: readonly string[];
  onChosen: (arms: string[]) => void;
}

/** A run of many arms in one list, largest effect first, from which the few are chosen that the rest of the page shows. */
export function ArmPicker({ run, chosen, onChosen }: Props) {
  const size = ({ return: { mean_difference: value } }: Comparison) => Math.abs(value ?? 0);
  const sorted = [...run.comparisons].sort((a, b) => size(b) - size(a));
  const arms = new Map(run.arms.map((arm) => [arm.name, arm]));
  const extent = extentOf(
    sorted.map((each) => ({ value: each.return.mean_difference, ci: pair(each.return.ci) })),
  );
  const decimals = decimalsFor(run.arms.map((arm) => arm.returns.mean ?? 0));
  const full = chosen.length >= MOST_SHOWN - 1;
  const toggle = (name: string) =>
    onChosen(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name]);
  return (
    <section aria-label="Arms of this run" className={classes.picker}>
      <div className={classes.figureHead}>
        <h3>All {run.comparisons.length} arms against the baseline</h3>
        <p role="status" className="muted small">
          {chosen.length} of at most {MOST_SHOWN - 1} shown below
        </p>
      </div>
      <Saveable title={`Arms of ${run.id}`} as="table">
        <div className={classes.seedScroll} tabIndex={0} role="group" aria-label="List of arms">
          <table className={classes.seedTable}>
            <thead>
              <tr>
                <th scope="col">Arm</th>
                <th scope="col">Edit</th>
                <th scope="col">Return, paired difference with its 95&nbsp;% interval</th>
                <th scope="col">p, Holm</th>
                <th scope="col">Falls</th>
              </tr>
            </thead>
            <tbody>
              {sorted.map((each) => (
                <Line
                  key={each.arm}
                  comparison={each}
                  arm={arms.get(each.arm)}
                  extent={extent}
                  decimals={decimals}
                  shown={chosen.includes(each.arm)}
                  closed={full}
                  onToggle={() => toggle(each.arm)}
                />
              ))}
            </tbody>
          </table>
        </div>
      </Saveable>
    </section>
  );
}

interface LineProps {
  comparison: Comparison;
  arm: RunArm | undefined;
  extent: number;
  decimals: number;
  shown: boolean;
  closed: boolean;
  onToggle: () => void;
}

function Line({ comparison, arm, extent, decimals, shown, closed, onToggle }: LineProps) {
  const { mean_difference: value, p_adjusted } = comparison.return;
  const ci = pair(comparison.return.ci);
  const color = toneColor(arm ? toneOf(arm) : "ink");
  const falls = comparison.falls.difference;
  return (
    <tr data-hot={shown}>
      <th scope="row">
        <Checkbox
          size="xs"
          checked={shown}
          disabled={closed && !shown}
          onChange={onToggle}
          label={<ArmName color={color}>{comparison.arm}</ArmName>}
        />
      </th>
      <td title={arm && armText(arm)}>{arm && armBrief(arm)}</td>
      <td>
        {comparison.identical ? (
          "exactly 0"
        ) : (
          <span className={classes.rate}>
            {value !== null && <IntervalMark value={value} ci={ci} color={color} extent={extent} />}
            <span>
              {signed(value, decimals)} <small className="muted">{interval(ci, decimals, true)}</small>
            </span>
          </span>
        )}
      </td>
      <td>{num(p_adjusted, 2)}</td>
      <td>{falls === null ? "–" : `${signed(falls * 100, 0)}\u00a0points`}</td>
    </tr>
  );
}
