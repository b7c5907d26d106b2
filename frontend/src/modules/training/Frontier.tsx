import { interval, num, percent } from "@/lib/format";
import { pair, type Configuration, type Sweep } from "@/lib/types";
import chartClasses from "@/ui/Chart.module.css";
import { Explain } from "@/ui/Explain";
import { Saveable } from "@/ui/Saveable";
import { useSize } from "@/ui/use-size";

import { axes, HEIGHT, PAD, type Measure, type Span } from "./axes";
import type { TrainingRun } from "./runs";
import { frontierSentence, keptSentence } from "./sentence";
import classes from "./Training.module.css";

const MEASURES: Measure[] = [
  { name: "fvu", title: "FVU against L0", term: "fvu", log: true },
  { name: "feedback_fvu", title: "Feedback FVU against L0", term: "feedback_fvu", log: true, gate: 0.3 },
  {
    name: "return_recovered",
    title: "Return recovered against L0",
    term: "return_recovered",
    log: false,
    gate: 0.9,
  },
];

interface Props {
  sweep: Sweep;
  runs: TrainingRun[];
  hot: string | null;
}

/** What sparsity costs: every SAE as a point, every configuration as a bar with its interval. */
export function Frontier({ sweep, runs, hot }: Props) {
  return (
    <div className={classes.frontier}>
      {MEASURES.map((measure) => (
        <figure key={measure.name} className={classes.figure}>
          <figcaption>
            {measure.title} <Explain term={measure.term} />
          </figcaption>
          <Saveable title={measure.title} as="drawing">
            <Plot measure={measure} sweep={sweep} runs={runs} hot={hot} />
          </Saveable>
          <p className={classes.says}>
            {frontierSentence(measure, placedOf(measure, runs))}
            {keptSentence(sweep)}
          </p>
        </figure>
      ))}
    </div>
  );
}

/** Pixels between training seeds of one configuration, which have all but the same L0. */
const SPREAD = 11;

const valueOf = (run: TrainingRun, name: Measure["name"]) =>
  name === "return_recovered" ? (run.cell.gate?.return_recovered ?? null) : (run.cell[name] ?? null);

/** The trainings that have this measure, seeds of one configuration a little aside from each other. */
function placedOf({ name }: Measure, runs: TrainingRun[]) {
  const seeds = [...new Set(runs.map((run) => run.cell.seed))];
  return runs.flatMap((run) => {
    const value = valueOf(run, name);
    const l0 = run.cell.l0 ?? null;
    const aside = SPREAD * (seeds.indexOf(run.cell.seed) - (seeds.length - 1) / 2);
    return value === null || l0 === null ? [] : [{ run, label: run.label, l0, value, aside }];
  });
}

function Plot({ measure, sweep, runs, hot }: { measure: Measure } & Props) {
  const [ref, { width }] = useSize();
  const placed = placedOf(measure, runs);
  const spans = sweep.configurations.flatMap((each) => spanOf(each, measure));
  const { x, y, ticks } = axes(placed, spans, measure, width);
  const kept = sweep.cells[sweep.recommended ?? -1];
  return (
    <div ref={ref} className={chartClasses.chart}>
      {width > 0 && (
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`${measure.title}. ${frontierSentence(measure, placed)} ${spoken(placed, measure)}`}
        >
          {ticks.map((tick) => (
            <g key={tick} transform={`translate(0 ${y(tick)})`}>
              <line className={chartClasses.grid} x1={PAD.left} x2={width - PAD.right} />
              <text className={chartClasses.tick} x={PAD.left - 8} dy="0.32em" textAnchor="end">
                {measure.log ? num(tick, 2) : percent(tick, 0)}
              </text>
            </g>
          ))}
          {x.ticks(5).map((l0) => (
            <text key={l0} className={chartClasses.tick} x={x(l0)} y={HEIGHT - 20} textAnchor="middle">
              {num(l0, 3)}
            </text>
          ))}
          <text className={chartClasses.axis} x={(PAD.left + width) / 2} y={HEIGHT - 3} textAnchor="middle">
            L0, latents active at once
          </text>
          {measure.gate !== undefined && (
            <line
              className={classes.gate}
              x1={PAD.left}
              x2={width - PAD.right}
              y1={y(measure.gate)}
              y2={y(measure.gate)}
            />
          )}
          {spans.map(({ at, low, high, name }) => (
            <g key={name} className={classes.span}>
              <line x1={x(at)} x2={x(at)} y1={y(low)} y2={y(high)} />
              <line x1={x(at) - 5} x2={x(at) + 5} y1={y(low)} y2={y(low)} />
              <line x1={x(at) - 5} x2={x(at) + 5} y1={y(high)} y2={y(high)} />
            </g>
          ))}
          {placed.map(({ run, l0, value, aside }) => (
            <g key={run.key} opacity={hot === null || hot === run.key ? 1 : 0.2}>
              <circle cx={x(l0) + aside} cy={y(value)} r={hot === run.key ? 6 : 4.5} fill={run.color}>
                <title>
                  {`${run.label}: ${measure.log ? num(value, 3) : percent(value)}${
                    measure.name === "return_recovered" ? ` ${interval(run.cell.gate?.interval, 3)}` : ""
                  }`}
                </title>
              </circle>
              {run.cell === kept && (
                <circle className={classes.kept} cx={x(l0) + aside} cy={y(value)} r={9} />
              )}
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}

/** The interval of a configuration, where one was measured. */
function spanOf(each: Configuration, measure: Measure): Span[] {
  const ends = measure.name === "return_recovered" ? pair(each.interval) : null;
  if (!ends || each.l0 === null) return [];
  return [{ name: `${each.variant} ${each.d_latent} ${each.k}`, at: each.l0, low: ends[0], high: ends[1] }];
}

function spoken(placed: { run: TrainingRun; value: number }[], measure: Measure): string {
  return placed
    .map(({ run, value }) => `${run.label} ${measure.log ? num(value, 3) : percent(value)}`)
    .join("; ");
}
