import { scaleLinear } from "d3-scale";

import { fixed, num, percent } from "@/lib/format";
import type { Calibration } from "@/lib/types";
import { Explain } from "@/ui/Explain";
import { Saveable } from "@/ui/Saveable";
import { useSize } from "@/ui/use-size";
import partClasses from "@/ui/Part.module.css";

import { safeSentence } from "../sentence";
import classes from "./Calibrate.module.css";

const HEIGHT = 78;

/** Both signs on one axis: what was tried, how far it is safe, and the dose that was chosen. */
export function SafeRange({ found }: { found: Calibration }) {
  const [ref, { width }] = useSize();
  const { positive, negative } = found.safe_range;
  const sentence = safeSentence(found);
  const tried = [...found.ladder, ...found.search].flatMap(({ dose, fall_rate }) =>
    dose === null ? [] : [{ dose, fell: (fall_rate ?? 0) > 0 }],
  );
  const largest = Math.max(0.02, ...tried.map(({ dose }) => Math.abs(dose)), positive ?? 0, negative ?? 0);
  const x = scaleLinear()
    .domain([-largest, largest])
    .range([14, Math.max(120, width - 14)]);
  return (
    <section className={partClasses.part} aria-label="Safe range">
      <h3>
        Safe range of δₐ: {negative === null ? "none" : `−${num(negative, 2)}`} to{" "}
        {positive === null ? "none" : `+${num(positive, 2)}`}
        <Explain term="safe_range" />
      </h3>
      <Saveable title="Safe range" as="drawing">
        <div ref={ref} className={classes.range} style={{ height: HEIGHT }}>
          {width > 0 && (
            <svg width={width} height={HEIGHT} role="img" aria-label={sentence}>
              <line className={classes.axis} x1={x(-largest)} x2={x(largest)} y1={34} y2={34} />
              {negative !== null && (
                <rect
                  className={classes.neg}
                  x={x(-negative)}
                  width={x(0) - x(-negative)}
                  y={28}
                  height={12}
                  rx={3}
                />
              )}
              {positive !== null && (
                <rect className={classes.pos} x={x(0)} width={x(positive) - x(0)} y={28} height={12} rx={3} />
              )}
              {tried.map(({ dose, fell }) => (
                <circle key={dose} className={classes.tried} data-fell={fell} cx={x(dose)} cy={34} r={3.2} />
              ))}
              {found.dose !== null && (
                <path className={classes.chosen} d={`M${x(found.dose)} 24l-6 -11h12z`} />
              )}
              {[-largest, 0, largest].map((tick) => (
                <text
                  key={tick}
                  className={classes.tick}
                  x={x(tick)}
                  y={60}
                  textAnchor={tick < 0 ? "start" : tick > 0 ? "end" : "middle"}
                >
                  {fixed(tick, 2)}
                </text>
              ))}
            </svg>
          )}
        </div>
      </Saveable>
      <p className="muted small">
        {sentence} Points are doses tried; hollow ones fell.{" "}
        {found.dose !== null && `The triangle is the chosen dose.`} Safe means: falls up by no more than 5
        points, and at least {percent(0.9, 0)} of the return.
      </p>
    </section>
  );
}
