import { scaleLinear } from "d3-scale";

import { num, percent } from "@/lib/format";
import { pair, type DosePoint, type DoseResponse } from "@/lib/types";

import type { Scale } from "./paths";
import classes from "./Dose.module.css";

interface Props {
  points: DosePoint[];
  x: Scale;
  top: number;
  height: number;
  right: number;
  base: number | null;
}

/** Share of falls with its Wilson interval at each dose; random directions of the same dose as a grey line. */
export function FallPlot({ points, x, top, height, right, base }: Props) {
  const y = scaleLinear()
    .domain([0, 1])
    .range([top + height, top]);
  const left = x.range()[0] ?? 0;
  const random = points.flatMap(({ dose, random: band }) =>
    dose !== null && band && band.fall_rate !== null ? [{ dose, rate: band.fall_rate }] : [],
  );
  return (
    <g>
      {[0, 0.5, 1].map((share) => (
        <g key={share} transform={`translate(0 ${y(share)})`}>
          <line className={classes.grid} x1={left} x2={right} />
          <text className={classes.tick} x={left - 8} dy="0.32em" textAnchor="end">
            {percent(share, 0)}
          </text>
        </g>
      ))}
      <text
        className={classes.tick}
        x={14}
        y={top + height / 2}
        transform={`rotate(-90 14 ${top + height / 2})`}
        textAnchor="middle"
      >
        falls
      </text>
      <path
        className={classes.randomLine}
        d={random.map(({ dose, rate }, index) => `${index === 0 ? "M" : "L"}${x(dose)} ${y(rate)}`).join("")}
      />
      {base !== null && <circle className={classes.dot} data-sign={0} cx={x(0)} cy={y(base)} r={3.4} />}
      {points.map(({ dose, fall_rate, fall_ci }) => {
        const ci = pair(fall_ci);
        if (dose === null || fall_rate === null) return null;
        return (
          <g key={dose} className={classes.fall} data-sign={Math.sign(dose)}>
            {ci && <line x1={x(dose)} x2={x(dose)} y1={y(ci[0])} y2={y(ci[1])} />}
            <circle cx={x(dose)} cy={y(fall_rate)} r={3.4} />
          </g>
        );
      })}
    </g>
  );
}

interface MarksProps {
  collapse: DoseResponse["collapse"];
  x: Scale;
  top: number;
  bottom: number;
}

/** Where falls rise by more than 20 points, per sign. */
export function CollapseMarks({ collapse, x, top, bottom }: MarksProps) {
  const marks = [
    { sign: -1, dose: collapse.negative === null ? null : -Math.abs(collapse.negative) },
    { sign: 1, dose: collapse.positive === null ? null : Math.abs(collapse.positive) },
  ];
  return (
    <>
      {marks.map(({ sign, dose }) =>
        dose === null ? null : (
          <g key={sign} className={classes.collapse} data-sign={sign}>
            <line x1={x(dose)} x2={x(dose)} y1={top} y2={bottom} />
            <text x={x(dose) - 5 * sign} y={top + 10} textAnchor={sign > 0 ? "end" : "start"}>
              collapse at {dose > 0 ? "+" : ""}
              {num(dose, 2)}
            </text>
          </g>
        ),
      )}
    </>
  );
}
