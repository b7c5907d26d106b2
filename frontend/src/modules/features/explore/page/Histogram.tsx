import { scaleLinear, scaleLog } from "d3-scale";

import { alphaText, count, num, percent } from "@/lib/format";
import type { Dashboard } from "@/lib/types";
import { usePlayer } from "@/modules/replay/player";
import chart from "@/ui/Chart.module.css";
import { useSize } from "@/ui/use-size";
import { Saveable } from "@/ui/Saveable";

import { histogramSentence } from "./sentence";
import type { Example } from "./use-example";
import classes from "./Page.module.css";

const HEIGHT = 148;
const PAD = { top: 22, right: 6, bottom: 32, left: 44 };
const LABEL = 34; // pixels that the label of a cut needs
const FLOOR = HEIGHT - PAD.bottom;

interface Props {
  histogram: Dashboard["histogram"];
  example: Example;
  /** The push that is set: as much as an activation of its size. */
  alpha: number | undefined;
}

/** How often each strength occurs. The counts are on a log axis: rare strong moments are what matters. */
export function Histogram({ histogram: { edges, counts, inactive, density, cuts }, example, alpha }: Props) {
  const [ref, { width }] = useSize();
  const largest = Math.max(1, ...counts);
  const most = Math.max(edges.at(-1) ?? 1, 1e-9);
  const x = scaleLinear()
    .domain([0, most])
    .range([PAD.left, Math.max(PAD.left + 10, width - PAD.right)]);
  const y = scaleLog()
    .domain([0.7, largest * 1.3])
    .range([FLOOR, PAD.top]);
  const ticks = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000].filter((tick) => tick <= largest * 1.3);
  const active = counts.reduce((sum, each) => sum + each, 0);
  const sentence = histogramSentence({ edges, counts });
  const label = `Histogram of the activation, log counts: ${count(active)} active states. ${sentence}`;
  return (
    <section className={classes.part}>
      <h4>Activation</h4>
      <p className={classes.quiet}>
        {sentence} Active in {percent(density, 1)} of states; {count(inactive)} states at 0 are not drawn.
        {cuts.length > 0 && ` Of the active ones, ${cutsText(cuts)}.`}
      </p>
      <Saveable title="Histogram of the activation" as="drawing">
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
                    height={FLOOR - y(n)}
                  >
                    <title>{`${num(edges[index], 3)} to ${num(edges[index + 1], 3)}: ${count(n)} states`}</title>
                  </rect>
                );
              })}
              <Cuts cuts={cuts.map(({ share, value }) => ({ share, at: x(value) }))} />
              {alpha !== undefined && alpha !== 0 && (
                <line
                  className={classes.dose}
                  data-side={alpha < 0 ? "neg" : "pos"}
                  x1={x(Math.min(Math.abs(alpha), most))}
                  x2={x(Math.min(Math.abs(alpha), most))}
                  y1={PAD.top}
                  y2={FLOOR}
                />
              )}
              <Now example={example} x={x} />
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
      </Saveable>
      {active > 0 && <Legend example={example} alpha={alpha} most={most} />}
    </section>
  );
}

const cutsText = (cuts: Dashboard["histogram"]["cuts"]) =>
  cuts.map(({ share, value }) => `${percent(share, 0)} lie below ${num(value, 3)}`).join(", ");

/** Quantiles of the active states; a label that would cover its neighbour is left to the sentence above. */
function Cuts({ cuts }: { cuts: { share: number; at: number }[] }) {
  return cuts.map(({ share, at }, index) => (
    <g key={share} className={classes.cut}>
      <line x1={at} x2={at} y1={PAD.top - 4} y2={FLOOR} />
      {at - (cuts[index - 1]?.at ?? -LABEL) >= LABEL && (
        <text className={chart.tick} x={at} y={PAD.top - 8} textAnchor="middle">
          {percent(share, 0)}
        </text>
      )}
    </g>
  ));
}

const nowOf = ({ chosen }: Example, step: number) => chosen?.latent[step] ?? null;

/** The value of the example on show, moving with its clip. */
function Now({ example, x }: { example: Example; x: (value: number) => number }) {
  const { step } = usePlayer(example.player);
  const value = nowOf(example, step);
  if (value === null) return null;
  return (
    <g className={classes.now} transform={`translate(${x(value)} 0)`}>
      <line y1={PAD.top} y2={FLOOR} />
      <path d={`M-5 ${FLOOR + 7}h10L0 ${FLOOR}Z`} />
    </g>
  );
}

function Legend({ example, alpha, most }: { example: Example; alpha: number | undefined; most: number }) {
  const { step } = usePlayer(example.player);
  return (
    <ul className={classes.marks}>
      <li>
        <i data-kind="now" /> example on show: {num(nowOf(example, step), 3)}
      </li>
      {alpha !== undefined && alpha !== 0 && (
        <li>
          <i data-kind={alpha < 0 ? "neg" : "pos"} /> {alphaText(alpha)}
          {Math.abs(alpha) > most ? ", beyond all that was seen" : ", as an activation of that size"}
        </li>
      )}
    </ul>
  );
}
