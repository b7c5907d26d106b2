import { scaleLinear, scalePoint } from "d3-scale";
import { useMemo } from "react";

import { fixed } from "@/lib/format";
import { Saveable } from "./Saveable";

import classes from "./Chart.module.css";
import { useSize } from "./use-size";

export interface SlopeColumn {
  label: string;
  color: string;
  mean: number | null;
  ci: readonly [number, number] | null;
}

export interface SlopeLine {
  id: number;
  values: (number | null)[];
  /** Drawn hollow: the episode ended in a fall. */
  marked: boolean[];
}

interface Props {
  columns: SlopeColumn[];
  lines: SlopeLine[];
  yLabel: string;
  decimals: number;
  height: number;
  hovered: number | null;
  onHover: (id: number | null) => void;
  label: string;
}

const PAD = { top: 16, bottom: 30, left: 58, right: 40 };
const MEAN_OFFSET = 22;

/** One line per seed from the first arm to the last, and each arm's mean with its interval beside its points. */
export function SlopeChart({ columns, lines, yLabel, decimals, height, hovered, onHover, label }: Props) {
  const [ref, { width }] = useSize();
  const geometry = useMemo(() => {
    const all = [...lines.flatMap((line) => line.values), ...columns.flatMap((column) => column.ci ?? [])];
    const known = all.filter((value): value is number => value !== null);
    const y = scaleLinear()
      .domain([Math.min(...known), Math.max(...known)])
      .nice(5)
      .range([height - PAD.bottom, PAD.top]);
    const x = scalePoint<number>()
      .domain(columns.map((_, index) => index))
      .range([PAD.left + 8, Math.max(PAD.left + 60, width - PAD.right)])
      .padding(0.42);
    return { x: (index: number) => x(index) ?? 0, y, ticks: y.ticks(5) };
  }, [columns, lines, width, height]);
  const { x, y, ticks } = geometry;

  return (
    <Saveable title="Every seed as a pair" as="drawing">
      <div ref={ref} className={classes.chart} style={{ height }}>
        {width > 0 && (
          <svg width={width} height={height} role="img" aria-label={label} onMouseLeave={() => onHover(null)}>
            {ticks.map((tick) => (
              <g key={tick} transform={`translate(0 ${y(tick)})`}>
                <line className={classes.grid} x1={PAD.left} x2={width - 8} />
                <text className={classes.tick} x={PAD.left - 8} dy="0.32em" textAnchor="end">
                  {tick.toLocaleString("en-US").replace("-", "−")}
                </text>
              </g>
            ))}
            <text
              className={classes.axis}
              x={14}
              y={(height - PAD.bottom + PAD.top) / 2}
              transform={`rotate(-90 14 ${(height - PAD.bottom + PAD.top) / 2})`}
              textAnchor="middle"
            >
              {yLabel}
            </text>
            {lines.map((line) => (
              <SeedLine
                key={line.id}
                line={line}
                columns={columns}
                x={x}
                y={y}
                state={hovered === null ? "calm" : hovered === line.id ? "hot" : "dim"}
                onHover={onHover}
              />
            ))}
            {columns.map((column, index) => (
              <MeanMark
                key={column.label}
                column={column}
                x={x(index) + (index === 0 ? -MEAN_OFFSET : MEAN_OFFSET)}
                y={y}
              />
            ))}
            {columns.map((column, index) => (
              <text
                key={column.label}
                className={classes.columnLabel}
                x={x(index)}
                y={height - 8}
                textAnchor="middle"
                fill={column.color}
              >
                {column.label}
              </text>
            ))}
          </svg>
        )}
        <p className="visually-hidden">
          {columns.map((column) => `${column.label}: mean ${fixed(column.mean, decimals)}.`).join(" ")}
        </p>
      </div>
    </Saveable>
  );
}

interface SeedLineProps {
  line: SlopeLine;
  columns: SlopeColumn[];
  x: (index: number) => number;
  y: (value: number) => number;
  state: "calm" | "hot" | "dim";
  onHover: (id: number | null) => void;
}

function SeedLine({ line, columns, x, y, state, onHover }: SeedLineProps) {
  const points = line.values.flatMap((value, index) =>
    value === null ? [] : [{ index, cx: x(index), cy: y(value) }],
  );
  const path = points.map(({ cx, cy }, index) => `${index === 0 ? "M" : "L"}${cx} ${cy}`).join("");
  return (
    <g className={classes.seed} data-state={state} onMouseEnter={() => onHover(line.id)}>
      <path className={classes.hit} d={path} />
      <path className={classes.slope} d={path} />
      {points.map(({ index, cx, cy }) => {
        const color = columns[index]?.color;
        return (
          <circle
            key={index}
            cx={cx}
            cy={cy}
            r={3.6}
            stroke={color}
            fill={line.marked[index] ? "var(--surface)" : color}
          />
        );
      })}
    </g>
  );
}

function MeanMark({ column, x, y }: { column: SlopeColumn; x: number; y: (value: number) => number }) {
  if (column.mean === null) return null;
  return (
    <g stroke={column.color} className={classes.mean}>
      {column.ci && <line x1={x} x2={x} y1={y(column.ci[0])} y2={y(column.ci[1])} />}
      <line className={classes.meanTick} x1={x - 6} x2={x + 6} y1={y(column.mean)} y2={y(column.mean)} />
    </g>
  );
}
