import { scaleLinear, scaleLog } from "d3-scale";
import { useState, type ReactNode } from "react";

import { count, GAP, num } from "@/lib/format";
import type { Term } from "@/lib/glossary";
import chartClasses from "@/ui/Chart.module.css";
import { Explain } from "@/ui/Explain";
import { Saveable } from "@/ui/Saveable";
import { useSize } from "@/ui/use-size";

import { points, type TrainingRun } from "./runs";
import { curveSentence, isShare, shownValue } from "./sentence";
import classes from "./Training.module.css";

interface Curve {
  name: string;
  title: string;
  term?: Term;
  log?: boolean;
  gate?: number;
  /** Where the axis ends while every value is 0. */
  most?: number;
}

export const CURVES: Curve[] = [
  { name: "loss", title: "Loss", log: true },
  { name: "val_fvu", title: "FVU, held out", term: "fvu", log: true },
  { name: "feedback_fvu", title: "Feedback FVU", term: "feedback_fvu", log: true, gate: 0.3 },
  { name: "return_recovered", title: "Return recovered", term: "return_recovered", gate: 0.9 },
  { name: "l0", title: "L0", term: "l0" },
  { name: "dead_fraction", title: "Dead latents", term: "dead", most: 0.1 },
];

interface Props {
  runs: TrainingRun[];
  hot: string | null;
}

interface CurvesProps extends Props {
  /** A wide figure after the last of them. */
  children?: ReactNode;
}

/** What every training shows while it learns, one small figure per measure. */
export function Curves({ runs, hot, children }: CurvesProps) {
  return (
    <div className={classes.curves}>
      {CURVES.map((curve) => (
        <figure key={curve.name} className={classes.figure}>
          <figcaption>
            {curve.title} {curve.term && <Explain term={curve.term} />}
          </figcaption>
          <Saveable title={`${curve.title} while training`} as="drawing">
            <Lines curve={curve} runs={runs} hot={hot} />
          </Saveable>
          <p className={classes.says}>{said(curve, runs)}</p>
        </figure>
      ))}
      {children}
    </div>
  );
}

/** An empty figure says so itself. */
const said = (curve: Curve, runs: TrainingRun[]) =>
  runs.some((run) => points(run, curve.name).length > 0) ? curveSentence(curve, runs) : "";

const HEIGHT = 168;
const PAD = { top: 8, right: 20, bottom: 26, left: 44 };

function Lines({ curve, runs, hot }: { curve: Curve } & Props) {
  const [ref, { width }] = useSize();
  const [at, setAt] = useState<[number, number] | null>(null);
  const drawn = runs.map((run) => ({ run, line: points(run, curve.name) }));
  const all = drawn.flatMap(({ line }) => line);
  const { x, y, ticks } = axes(all, curve, width);
  const nearest = at && closest(drawn, x, y, at);
  return (
    <div ref={ref} className={chartClasses.chart}>
      {all.length === 0 && <p className={classes.nothing}>Nothing measured yet</p>}
      {width > 0 && (
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`${curve.title} over training steps, ${runs.length} trainings. ${curveSentence(curve, runs)}`}
          onMouseMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            setAt([event.clientX - box.left, event.clientY - box.top]);
          }}
          onMouseLeave={() => setAt(null)}
        >
          {ticks.map((tick) => (
            <g key={tick} transform={`translate(0 ${y(tick)})`}>
              <line className={chartClasses.grid} x1={PAD.left} x2={width - PAD.right} />
              <text className={chartClasses.tick} x={PAD.left - 6} dy="0.32em" textAnchor="end">
                {isShare(curve.name) ? `${num(tick * 100, 2)}${GAP}%` : num(tick, 2)}
              </text>
            </g>
          ))}
          {(ticks.length > 0 ? x.ticks(4) : []).map((step) => (
            <text key={step} className={chartClasses.tick} x={x(step)} y={HEIGHT - 8} textAnchor="middle">
              {count(step)}
            </text>
          ))}
          {curve.gate !== undefined && all.length > 0 && (
            <line
              className={classes.gate}
              x1={PAD.left}
              x2={width - PAD.right}
              y1={y(curve.gate)}
              y2={y(curve.gate)}
            />
          )}
          {drawn.map(({ run, line }) => (
            <g key={run.key} opacity={hot === null || hot === run.key ? 1 : 0.15}>
              <path
                d={line.map(([step, value], index) => `${index ? "L" : "M"}${x(step)} ${y(value)}`).join("")}
                fill="none"
                stroke={run.color}
                strokeDasharray={run.dash}
                strokeWidth={hot === run.key ? 2.4 : 1.4}
              />
              {line.length < 6 &&
                line.map(([step, value]) => (
                  <circle key={step} cx={x(step)} cy={y(value)} r={3} fill={run.color} />
                ))}
            </g>
          ))}
        </svg>
      )}
      {nearest && (
        <p className={classes.readout}>
          {nearest.run.label}, step {count(nearest.point[0])}:{" "}
          <b>{shownValue(curve.name, nearest.point[1])}</b>
        </p>
      )}
    </div>
  );
}

function axes(all: [number, number][], curve: Curve, width: number) {
  const values = all.map(([, value]) => value).filter((value) => !curve.log || value > 0);
  const known = curve.gate === undefined ? values : [...values, curve.gate];
  const low = Math.min(...known, curve.log ? Infinity : 0);
  const high = Math.max(...known, curve.log ? -Infinity : 0);
  const range: [number, number] = [HEIGHT - PAD.bottom, PAD.top];
  const bounds: [number, number] =
    known.length > 0 ? [low, high > low ? high : low * 2 || (curve.most ?? 1)] : [0.01, 1];
  const scale = curve.log
    ? scaleLog().domain(bounds).range(range)
    : scaleLinear().domain(bounds).range(range);
  const x = scaleLinear()
    .domain([0, Math.max(1, ...all.map(([step]) => step))])
    .range([PAD.left, Math.max(PAD.left + 20, width - PAD.right)]);
  const shown = all.length > 0 ? scale.ticks(3) : []; // an axis without a value would be made up
  const ticks =
    shown.length > 4 && curve.log ? shown.filter((tick) => /^[125]/.test(tick.toExponential())) : shown;
  // a value of exactly 0 has no place on a logarithmic axis: it lies at its foot
  const y = (value: number) => scale(curve.log ? Math.max(value, bounds[0]) : value);
  return { x, y, ticks };
}

function closest(
  drawn: { run: TrainingRun; line: [number, number][] }[],
  x: (step: number) => number,
  y: (value: number) => number,
  [px, py]: [number, number],
) {
  const all = drawn.flatMap(({ run, line }) => line.map((point) => ({ run, point })));
  const far = ({ point }: { point: [number, number] }) => Math.hypot(x(point[0]) - px, y(point[1]) - py);
  const best = all.reduce<(typeof all)[number] | null>(
    (old, each) => (!old || far(each) < far(old) ? each : old),
    null,
  );
  return best && far(best) < 30 ? best : null;
}
