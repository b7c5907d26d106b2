import { scaleLinear } from "d3-scale";

import { num } from "@/lib/format";
import type { Scan } from "@/lib/types";
import { useSize } from "@/ui/use-size";
import { Saveable } from "@/ui/Saveable";

import { scanSentence } from "../sentence";
import { isCandidate, LEVEL } from "./rows";
import classes from "./Scan.module.css";

const HEIGHT = 300;
const PAD = { top: 12, right: 14, bottom: 40, left: 52 };
const SMALLEST_Q = 1e-6;

/** Every push as a point: how much it changed the measure, and how far below chance its q lies. */
export function ScanPlot({ scan, onFeature }: { scan: Scan; onFeature: (feature: number) => void }) {
  const [ref, { width }] = useSize();
  const points = scan.rows.flatMap((row) =>
    row.mean_difference === null || row.q_value === null
      ? []
      : [{ row, effect: row.mean_difference, height: -Math.log10(Math.max(SMALLEST_Q, row.q_value)) }],
  );
  const widest = Math.max(1e-9, ...points.map((point) => Math.abs(point.effect)));
  const right = Math.max(PAD.left + 80, width - PAD.right);
  const x = scaleLinear()
    .domain([-widest * 1.05, widest * 1.05])
    .range([PAD.left, right]);
  const y = scaleLinear()
    .domain([0, Math.max(1.6, ...points.map((point) => point.height)) * 1.05])
    .range([HEIGHT - PAD.bottom, PAD.top]);
  const bound = -Math.log10(LEVEL);
  const ticks = [1, 0.1, 0.01, 1e-3, 1e-4, 1e-5].filter((q) => -Math.log10(q) <= (y.domain()[1] ?? 0));
  const sentence = scanSentence(scan);
  return (
    <figure className={classes.figure}>
      <Saveable title="Scan, change against q" as="drawing">
        <div ref={ref} className={classes.plot} style={{ height: HEIGHT }}>
          {width > 0 && (
            <svg
              width={width}
              height={HEIGHT}
              role="img"
              aria-label={`${points.length} pushes by change of ${scan.measure.title.toLowerCase()} and q. ${sentence} The same numbers are in the table.`}
            >
              {ticks.map((q) => (
                <g key={q} transform={`translate(0 ${y(-Math.log10(q))})`}>
                  <line className={classes.grid} x1={PAD.left} x2={right} />
                  <text className={classes.tick} x={PAD.left - 6} dy="0.32em" textAnchor="end">
                    {num(q, 1)}
                  </text>
                </g>
              ))}
              <line className={classes.zero} x1={x(0)} x2={x(0)} y1={PAD.top} y2={HEIGHT - PAD.bottom} />
              <line className={classes.threshold} x1={PAD.left} x2={right} y1={y(bound)} y2={y(bound)} />
              {x.ticks(6).map((tick) => (
                <text
                  key={tick}
                  className={classes.tick}
                  x={x(tick)}
                  y={HEIGHT - PAD.bottom + 15}
                  textAnchor="middle"
                >
                  {num(tick, 2)}
                </text>
              ))}
              <text className={classes.tick} x={(PAD.left + right) / 2} y={HEIGHT - 6} textAnchor="middle">
                change of {scan.measure.title.toLowerCase()}, {scan.measure.unit}
              </text>
              <text
                className={classes.tick}
                x={12}
                y={HEIGHT / 2 - 12}
                transform={`rotate(-90 12 ${HEIGHT / 2 - 12})`}
                textAnchor="middle"
              >
                q, smaller is higher
              </text>
              {points.map(({ row, effect, height }) => (
                <circle
                  key={`${row.feature_idx} ${row.dose}`}
                  className={classes.point}
                  data-sign={Math.sign(row.dose ?? 0)}
                  data-candidate={isCandidate(row)}
                  cx={x(effect)}
                  cy={y(height)}
                  r={4}
                  onClick={() => onFeature(row.feature_idx)}
                >
                  <title>{`feature ${row.feature_idx}, δₐ ${num(row.dose, 2)}: ${num(effect, 2)}\u00a0${scan.measure.unit}, q ${num(row.q_value, 2)}`}</title>
                </circle>
              ))}
            </svg>
          )}
        </div>
      </Saveable>
      <figcaption className="muted small">{sentence}</figcaption>
    </figure>
  );
}
