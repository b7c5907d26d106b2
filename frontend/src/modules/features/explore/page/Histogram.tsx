import { scaleLinear, scaleLog } from "d3-scale";

import { count, num, percent } from "@/lib/format";
import type { Dashboard } from "@/lib/types";
import chart from "@/ui/Chart.module.css";
import { useSize } from "@/ui/use-size";

import classes from "./Page.module.css";

const HEIGHT = 132;
const PAD = { top: 8, right: 4, bottom: 32, left: 44 };

/** How often each strength occurs. The counts are on a log axis: rare strong moments are what matters. */
export function Histogram({
  histogram: { edges, counts, inactive, density },
}: {
  histogram: Dashboard["histogram"];
}) {
  const [ref, { width }] = useSize();
  const largest = Math.max(1, ...counts);
  const x = scaleLinear()
    .domain([0, Math.max(edges.at(-1) ?? 1, 1e-9)])
    .range([PAD.left, Math.max(PAD.left + 10, width - PAD.right)]);
  const y = scaleLog()
    .domain([0.7, largest * 1.3])
    .range([HEIGHT - PAD.bottom, PAD.top]);
  const ticks = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000].filter((tick) => tick <= largest * 1.3);
  const active = counts.reduce((sum, each) => sum + each, 0);
  const label = `Histogram of the activation, log counts: ${count(active)} active states up to ${num(edges.at(-1), 3)}`;
  return (
    <section className={classes.part}>
      <h4>Activation</h4>
      <p className={classes.quiet}>
        Active in {percent(density, 1)} of states; {count(inactive)} states at 0 are not drawn.
      </p>
      <div ref={ref} className={chart.chart}>
        {width > 0 && active > 0 && (
          <svg width={width} height={HEIGHT} role="img" aria-label={label}>
            {ticks.map((tick) => (
              <g key={tick} transform={`translate(0 ${y(tick)})`}>
                <line className={chart.grid} x1={PAD.left} x2={width - PAD.right} />
                <text className={chart.tick} x={PAD.left - 6} dy="0.32em" textAnchor="end">
                  {count(tick)}
                </text>
              </g>
            ))}
            {counts.map((n, index) => {
              const left = x(edges[index] ?? 0);
              return n === 0 ? null : (
                <rect
                  key={index}
                  className={classes.column}
                  x={left + 0.5}
                  y={y(n)}
                  width={Math.max(1, x(edges[index + 1] ?? 0) - left - 1)}
                  height={y(0.7) - y(n)}
                >
                  <title>{`${num(edges[index], 3)} to ${num(edges[index + 1], 3)}: ${count(n)} states`}</title>
                </rect>
              );
            })}
            {x.ticks(5).map((tick) => (
              <text key={tick} className={chart.tick} x={x(tick)} y={HEIGHT - 18} textAnchor="middle">
                {num(tick, 3)}
              </text>
            ))}
            <text className={chart.axis} x={(PAD.left + width) / 2} y={HEIGHT - 3} textAnchor="middle">
              activation z, states per bin (log)
            </text>
          </svg>
        )}
      </div>
    </section>
  );
}
