import { decimalsFor, fixed, interval, num, percent, signed } from "@/lib/format";
import type { Term } from "@/lib/glossary";
import { pair, type Comparison, type Run, type RunArm } from "@/lib/types";
import { ArmName } from "@/ui/ArmName";
import { Explain } from "@/ui/Explain";
import { extentOf, IntervalMark } from "@/ui/IntervalMark";
import { RateMark } from "@/ui/RateMark";
import { Saveable } from "@/ui/Saveable";

import { armBrief, armText, BASELINE, toneColor, toneOf } from "./arms";
import { MEASURE_ROWS, type Difference, type MeasureRow } from "./measures";
import classes from "./Compare.module.css";

/** With and without side by side: one row per measure, one column per arm, and the paired difference with its interval. */
export function ResultTable({ run }: { run: Run }) {
  const [baseline, ...changed] = run.arms;
  if (!baseline) return null;
  return (
    <Saveable title={`Result of ${run.id}`} as="table">
      <div className={classes.scroll}>
        <table className={classes.results}>
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">Measure</span>
              </th>
              {run.arms.map((arm) => (
                <th key={arm.name} scope="col">
                  <ArmName color={toneColor(toneOf(arm))}>{arm.name}</ArmName>
                  <small title={armText(arm)}>{headText(arm, changed)}</small>
                </th>
              ))}
              {changed.map((arm) => (
                <th key={arm.name} scope="col" className={classes.difference}>
                  Difference{changed.length > 1 && `, ${arm.name}`}
                  <Explain term="paired" />
                  <small>
                    95&nbsp;% interval, {baseline.episodes.length} seeds
                    <Explain term="interval" />
                  </small>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {MEASURE_ROWS.slice(0, 2).map((row) => (
              <Row key={row.label} row={row} run={run} />
            ))}
            <FallsRow run={run} />
            {MEASURE_ROWS.slice(2).map((row) => (
              <Row key={row.label} row={row} run={run} />
            ))}
            <ChangeRows run={run} />
          </tbody>
        </table>
      </div>
    </Saveable>
  );
}

/** Beside another model, the baseline is the open one; what it is called stands at the top of the page. */
function headText(arm: RunArm, changed: RunArm[]): string {
  const models = changed.some(({ model_id }) => model_id);
  return models && arm.name === BASELINE ? "the open model, as uploaded" : armBrief(arm);
}

function Row({ row, run }: { row: MeasureRow; run: Run }) {
  const decimals = decimalsFor(run.arms.map((arm) => row.value(arm) ?? 0));
  const differences = run.comparisons.map((comparison) => ({
    comparison,
    ...(row.difference?.(comparison) ?? { value: null, ci: null }),
  }));
  const extent = extentOf(differences);
  return (
    <tr>
      <th scope="row">
        {row.label}
        {row.term && <Explain term={row.term} />}
        {row.unit && <small>{row.unit}</small>}
      </th>
      {run.arms.map((arm) => (
        <td key={arm.name}>
          <b>{fixed(row.value(arm), decimals)}</b>
          <small>{row.detail(arm, decimals)}</small>
        </td>
      ))}
      {differences.map(({ comparison, ...difference }) => (
        <td key={comparison.arm} className={classes.difference}>
          {row.difference && (
            <DifferenceCell
              difference={difference}
              extent={extent}
              decimals={decimals}
              color={colorOf(run, comparison)}
              identical={comparison.identical}
            />
          )}
        </td>
      ))}
    </tr>
  );
}

function colorOf(run: Run, comparison: Comparison): string {
  const arm = run.arms.find((each) => each.name === comparison.arm);
  return toneColor(arm ? toneOf(arm) : "ink");
}

interface DifferenceProps {
  difference: Difference;
  extent: number;
  decimals: number;
  color: string;
  identical: boolean;
}

function DifferenceCell({ difference: { value, ci }, extent, decimals, color, identical }: DifferenceProps) {
  if (identical) {
    return (
      <>
        <b>exactly 0</b>
        <small>every episode is the same</small>
      </>
    );
  }
  if (value === null) return <span className="muted">not defined</span>;
  return (
    <span className={classes.differenceCell}>
      <IntervalMark value={value} ci={ci} color={color} extent={extent} />
      <span>
        <b>{signed(value, decimals)}</b>
        <small>{interval(ci, decimals, true)}</small>
      </span>
    </span>
  );
}

const countFalls = (arm: RunArm) => arm.episodes.filter((episode) => episode.fell).length;

function FallsRow({ run }: { run: Run }) {
  return (
    <tr>
      <th scope="row">
        Falls
        <Explain term="falls" />
        <small>of {run.arms[0]?.episodes.length ?? 0} episodes</small>
      </th>
      {run.arms.map((arm) => (
        <td key={arm.name}>
          <span className={classes.rate}>
            <b>{countFalls(arm)}</b>
            <RateMark rate={arm.fall_rate ?? 0} ci={pair(arm.fall_ci)} color={toneColor(toneOf(arm))} />
          </span>
          <small>{rateText(arm)}</small>
        </td>
      ))}
      {run.comparisons.map((each) => (
        <td key={each.arm} className={classes.difference}>
          <b>
            {each.identical ? "exactly 0" : `${signed((each.falls.difference ?? 0) * 100, 0)}\u00a0points`}
          </b>
          <small>{each.identical ? "the same episodes fell" : fallsTest(each.falls.p_value)}</small>
        </td>
      ))}
    </tr>
  );
}

function rateText(arm: RunArm): string {
  const ci = pair(arm.fall_ci);
  return ci
    ? `${percent(arm.fall_rate, 0)}, ${fixed(ci[0] * 100, 0)}–${percent(ci[1], 0)}`
    : percent(arm.fall_rate, 0);
}

interface PlainProps {
  run: Run;
  label: string;
  term: Term;
  unit?: string;
  value: (arm: RunArm) => string;
  detail?: (arm: RunArm) => string | null;
}

/** A row that says something of each arm without a paired difference. */
function PlainRow({ run, label, term, unit, value, detail }: PlainProps) {
  return (
    <tr>
      <th scope="row">
        {label}
        <Explain term={term} />
        {unit && <small>{unit}</small>}
      </th>
      {run.arms.map((arm) => (
        <td key={arm.name}>
          <b>{value(arm)}</b>
          {detail && <small>{detail(arm)}</small>}
        </td>
      ))}
      {run.comparisons.map((each) => (
        <td key={each.arm} className={classes.difference} />
      ))}
    </tr>
  );
}

/** How large the change was, and how far it led from where the network was trained. */
function ChangeRows({ run }: { run: Run }) {
  const dosed = run.arms.some((arm) => arm.dose);
  const placed = run.arms.some((arm) => arm.off_manifold);
  return (
    <>
      {dosed && (
        <PlainRow
          run={run}
          label="Dose δₐ"
          term="displacement"
          value={(arm) => (arm.dose ? num(arm.dose.action_displacement, 2) : "0")}
          detail={(arm) => (arm.dose && arm.dose.level !== "ok" ? LEVEL_WORDS[arm.dose.level] : null)}
        />
      )}
      <PlainRow
        run={run}
        label="Saturated actions"
        term="saturated"
        value={(arm) => percent(arm.saturated_fraction, 1)}
      />
      {placed && (
        <PlainRow
          run={run}
          label="Off-manifold"
          term="off_manifold"
          unit="percentile among own states"
          value={(arm) => fixed(arm.off_manifold?.mean_percentile, 0)}
          detail={(arm) =>
            arm.off_manifold ? `${percent(arm.off_manifold.far_share, 1)} of steps beyond the 99th` : null
          }
        />
      )}
    </>
  );
}

const LEVEL_WORDS = { warning: "falls are likely", strong: "strong: expect collapse" };

function fallsTest(p: number | null): string {
  return p === null ? "too few seeds to test" : `McNemar p = ${num(p, 2)}`;
}
