import { scaleLinear } from "d3-scale";
import { useMemo, type KeyboardEvent } from "react";

import { num, percent } from "@/lib/format";
import type { DoseResponse } from "@/lib/types";
import { useSize } from "@/ui/use-size";
import { Saveable } from "@/ui/Saveable";

import { band, extent, largestDose, means, nearest, randomBand, type Line } from "./curve";
import { areaPath, linePath, type Scale } from "./paths";
import { CollapseMarks, FallPlot } from "./FallPlot";
import { doseSentence, fallSentence } from "../sentence";
import classes from "./Dose.module.css";

interface Props {
  curve: DoseResponse;
  controls: Line[];
  at: number | null;
  onAt: (index: number | null) => void;
}

export const PAD = { top: 14, left: 66, right: 18 };
const MAIN = 300;
const FALLS = 84;
const GAP = 26;
const HEIGHT = PAD.top + MAIN + GAP + FALLS + 40;

/** Effect against dose: the feature with its band over the random directions, and falls below on the same axis. */
export function DoseChart({ curve, controls, at, onAt }: Props) {
  const [ref, { width }] = useSize();
  const { points, measure } = curve;
  const right = Math.max(PAD.left + 100, width - PAD.right);
  const largest = largestDose(points);
  const x = scaleLinear()
    .domain([-largest * 1.06, largest * 1.06])
    .range([PAD.left, right]);
  const y = scaleLinear()
    .domain(extent(points))
    .range([PAD.top + MAIN, PAD.top]);
  const dots = useMemo(() => means(points), [points]);
  const onKeyDown = (event: KeyboardEvent) => {
    const move = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (move === 0) return;
    event.preventDefault();
    onAt(Math.max(0, Math.min(points.length - 1, (at ?? (move > 0 ? -1 : points.length)) + move)));
  };
  return (
    <Saveable title={`Dose-response of feature ${String(curve.feature_idx)}`} as="drawing">
      <div ref={ref} className={classes.chart} style={{ minHeight: HEIGHT }}>
        {width > 0 && (
          <svg
            width={width}
            height={HEIGHT}
            role="img"
            tabIndex={0}
            aria-label={`Mean paired difference of ${measure.title.toLowerCase()} at ${points.length} doses of feature ${curve.feature_idx}, with the band of random directions; the share of falls below. ${doseSentence(curve)} ${fallSentence(curve)} Arrow keys read off each dose.`}
            onKeyDown={onKeyDown}
            onMouseMove={(event) => {
              const px = event.clientX - event.currentTarget.getBoundingClientRect().left;
              onAt(nearest(points, x.invert(px)));
            }}
            onMouseLeave={() => onAt(null)}
          >
            <defs>
              <clipPath id="dose-main">
                <rect x={PAD.left} y={PAD.top} width={right - PAD.left} height={MAIN} />
              </clipPath>
            </defs>
            <Axes
              x={x}
              y={y}
              right={right}
              label={`change of ${measure.title.toLowerCase()}, ${measure.unit}`}
            />
            <g clipPath="url(#dose-main)">
              <path className={classes.random} d={areaPath(randomBand(points), x, y)} />
              <path
                className={classes.negBand}
                d={areaPath(
                  band(points).filter((p) => p.dose <= 0),
                  x,
                  y,
                )}
              />
              <path
                className={classes.posBand}
                d={areaPath(
                  band(points).filter((p) => p.dose >= 0),
                  x,
                  y,
                )}
              />
              {controls.map((line) => (
                <path
                  key={line.key}
                  className={classes.control}
                  d={linePath(line.dots, x, y)}
                  strokeDasharray={line.dash}
                />
              ))}
              <path
                className={classes.neg}
                d={linePath(
                  dots.filter((dot) => dot.dose <= 0),
                  x,
                  y,
                )}
              />
              <path
                className={classes.pos}
                d={linePath(
                  dots.filter((dot) => dot.dose >= 0),
                  x,
                  y,
                )}
              />
            </g>
            {at !== null && (
              <line
                className={classes.cursor}
                x1={x(points[at]?.dose ?? 0)}
                x2={x(points[at]?.dose ?? 0)}
                y1={PAD.top}
                y2={HEIGHT - 40}
              />
            )}
            {dots.map((dot) => (
              <circle
                key={dot.dose}
                className={classes.dot}
                data-sign={Math.sign(dot.dose)}
                cx={x(dot.dose)}
                cy={y(dot.value)}
                r={4}
              />
            ))}
            <LinearRange range={curve.linear_range} x={x} y={PAD.top + MAIN} />
            <CollapseMarks collapse={curve.collapse} x={x} top={PAD.top} bottom={PAD.top + MAIN} />
            <FallPlot
              points={points}
              x={x}
              top={PAD.top + MAIN + GAP}
              height={FALLS}
              right={right}
              base={curve.baseline.fall_rate}
            />
          </svg>
        )}
      </div>
    </Saveable>
  );
}

function Axes({ x, y, right, label }: { x: Scale; y: Scale; right: number; label: string }) {
  const middle = PAD.top + MAIN / 2;
  return (
    <g>
      {y.ticks(6).map((tick) => (
        <g key={tick} transform={`translate(0 ${y(tick)})`}>
          <line className={tick === 0 ? classes.zero : classes.grid} x1={PAD.left} x2={right} />
          <text className={classes.tick} x={PAD.left - 8} dy="0.32em" textAnchor="end">
            {num(tick, 2)}
          </text>
        </g>
      ))}
      <line className={classes.grid} x1={x(0)} x2={x(0)} y1={PAD.top} y2={HEIGHT - 40} />
      {x.ticks(8).map((tick) => (
        <text key={tick} className={classes.tick} x={x(tick)} y={HEIGHT - 24} textAnchor="middle">
          {tick > 0 ? `+${num(tick, 2)}` : num(tick, 2)}
        </text>
      ))}
      <text className={classes.tick} x={(PAD.left + right) / 2} y={HEIGHT - 6} textAnchor="middle">
        action displacement δₐ, signed by α
      </text>
      <text
        className={classes.tick}
        x={14}
        y={middle}
        transform={`rotate(-90 14 ${middle})`}
        textAnchor="middle"
      >
        {label}
      </text>
    </g>
  );
}

/** A bracket on the zero dose: here slope × dose is right within 20 %. */
function LinearRange({ range, x, y }: { range: number | null; x: Scale; y: number }) {
  if (range === null || range === 0) return null;
  return (
    <g className={classes.linear}>
      <path d={`M${x(-range)} ${y - 6}V${y}H${x(range)}V${y - 6}`} />
      <text x={x(0)} y={y + 13} textAnchor="middle">
        linear to ±{percent(range, 0)}
      </text>
    </g>
  );
}
