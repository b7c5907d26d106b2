import { fixed, num } from "@/lib/format";
import { Saveable } from "@/ui/Saveable";
import { useSize } from "@/ui/use-size";

import { sweepSentence } from "./sentence";
import type { SweepPoint } from "./sweep";
import classes from "./Live.module.css";

interface Props {
  points: SweepPoint[];
  /** α of the only feature; null: the axis counts multiples. */
  alpha: number | null;
  starts: number;
}

const HEIGHT = 190;
const PAD = { left: 46, right: 12, top: 10, bottom: 34 };
const FALLS = 34;

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Return over α, one dot per start; below, the share of starts that fell. */
export function SweepChart({ points, alpha, starts }: Props) {
  const [box, { width }] = useSize();
  const scale = alpha ?? 1;
  const sorted = [...points].sort((a, b) => a.factor - b.factor);
  const returns = points.flatMap((point) => point.returns);
  const [low, high] = [Math.min(0, ...returns), Math.max(1, ...returns)];
  const inner = Math.max(1, width - PAD.left - PAD.right);
  const x = (factor: number) => PAD.left + inner * (0.5 + (Math.sign(scale) * factor) / 2);
  const floor = HEIGHT - PAD.bottom - FALLS;
  const y = (value: number) => floor - ((floor - PAD.top) * (value - low)) / (high - low);
  const line = sorted.map((point) => `${x(point.factor)},${y(mean(point.returns))}`).join(" ");
  const tone = (factor: number) => {
    const signed = factor * scale;
    return signed === 0 ? "var(--base)" : signed > 0 ? "var(--pos)" : "var(--neg)";
  };
  const axis = alpha === null ? "multiple of the edits" : "α";
  return (
    <Saveable title="Preview of the dose-response" as="drawing">
      <div ref={box} className={classes.sweep}>
        <svg width={width} height={HEIGHT} role="img" aria-label={describe(sorted, scale, starts)}>
          {[low, high].map((value) => (
            <g key={value}>
              <line
                x1={PAD.left}
                x2={width - PAD.right}
                y1={y(value)}
                y2={y(value)}
                className={classes.rule}
              />
              <text x={PAD.left - 6} y={y(value) + 4} textAnchor="end">
                {num(value, 2)}
              </text>
            </g>
          ))}
          <polyline points={line} className={classes.curve} />
          {sorted.map((point) => (
            <g key={point.factor} fill={tone(point.factor)}>
              {point.returns.map((value, index) => (
                <circle key={index} cx={x(point.factor)} cy={y(value)} r={2} opacity={0.5} />
              ))}
              <circle cx={x(point.factor)} cy={y(mean(point.returns))} r={4} />
              <rect
                x={x(point.factor) - 5}
                width={10}
                y={HEIGHT - PAD.bottom - (24 * point.falls) / starts}
                height={(24 * point.falls) / starts}
              />
            </g>
          ))}
          <line
            x1={PAD.left}
            x2={width - PAD.right}
            y1={HEIGHT - PAD.bottom}
            y2={HEIGHT - PAD.bottom}
            className={classes.rule}
          />
          <text x={PAD.left - 6} y={HEIGHT - PAD.bottom} textAnchor="end">
            falls
          </text>
          {[-1, 0, 1].map((factor) => (
            <text key={factor} x={x(factor)} y={HEIGHT - PAD.bottom + 15} textAnchor="middle">
              {fixed(factor * scale, factor === 0 ? 0 : 2)}
            </text>
          ))}
          <text x={PAD.left + inner / 2} y={HEIGHT - 4} textAnchor="middle">
            {axis}
          </text>
        </svg>
        <span className={classes.stamp}>preview</span>
      </div>
    </Saveable>
  );
}

function describe(points: SweepPoint[], scale: number, starts: number): string {
  const parts = points.map(
    ({ factor, returns, falls }) =>
      `${fixed(factor * scale, 2)}: mean return ${fixed(mean(returns), 0)}, ${falls} of ${starts} fell`,
  );
  return `Preview of the dose-response. ${sweepSentence(points, scale, starts)} ${parts.join("; ")}`;
}
