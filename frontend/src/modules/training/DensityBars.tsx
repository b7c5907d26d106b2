import { scaleLinear } from "d3-scale";

import { GAP, plural } from "@/lib/format";
import chartClasses from "@/ui/Chart.module.css";
import { Saveable } from "@/ui/Saveable";
import { useSize } from "@/ui/use-size";

import type { TrainingRun } from "./runs";
import { densitySentence } from "./sentence";
import classes from "./Training.module.css";

const HEIGHT = 168;
const PAD = { top: 8, right: 10, bottom: 26, left: 34 };
const DECADES = ["0.01", "0.1", "1", "10", "100"].map((share) => `${share}${GAP}%`);

/** How many latents fire how often, as it forms while the SAE learns. */
export function DensityBars({ run }: { run: TrainingRun }) {
  const [ref, { width }] = useSize();
  const counts = run.density?.counts ?? [];
  const most = Math.max(1, ...counts);
  const left = Math.max(PAD.left + 20, width - PAD.right);
  const x = scaleLinear()
    .domain([0, Math.max(1, counts.length)])
    .range([PAD.left, left]);
  const y = scaleLinear()
    .domain([0, most])
    .range([HEIGHT - PAD.bottom, PAD.top]);
  const silent = run.density?.silent ?? 0;
  return (
    <figure className={`${classes.figure} ${classes.wide}`}>
      <figcaption>
        Densities of {run.label}
        <small>{silent > 0 ? ` ${plural(silent, "latent")} silent` : " none silent"}</small>
      </figcaption>
      <Saveable title={`Densities of ${run.label}`} as="drawing">
        <div ref={ref} className={chartClasses.chart}>
          {width > 0 && (
            <svg
              width={width}
              height={HEIGHT}
              role="img"
              aria-label={`Latents by share of states in which they fire, in twelve steps from 0.01 % to 100 %: ${counts.join(", ")}. ${densitySentence(run.density)}`}
            >
              {y.ticks(3).map((tick) => (
                <g key={tick} transform={`translate(0 ${y(tick)})`}>
                  <line className={chartClasses.grid} x1={PAD.left} x2={left} />
                  <text className={chartClasses.tick} x={PAD.left - 6} dy="0.32em" textAnchor="end">
                    {tick}
                  </text>
                </g>
              ))}
              {counts.map((number, index) => (
                <rect
                  key={index}
                  x={x(index) + 1}
                  width={Math.max(1, x(1) - x(0) - 2)}
                  y={y(number)}
                  height={y(0) - y(number)}
                  fill={run.color}
                />
              ))}
              {DECADES.map((label, index) => (
                <text
                  key={label}
                  className={chartClasses.tick}
                  x={x(3 * index)}
                  y={HEIGHT - 8}
                  textAnchor="middle"
                >
                  {label}
                </text>
              ))}
            </svg>
          )}
        </div>
      </Saveable>
      <p className={classes.says}>{densitySentence(run.density)}</p>
    </figure>
  );
}
