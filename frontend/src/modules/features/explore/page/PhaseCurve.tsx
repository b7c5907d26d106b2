import { fixed, num, percent } from "@/lib/format";
import type { Dashboard } from "@/lib/types";
import { useSize } from "@/ui/use-size";
import { Saveable } from "@/ui/Saveable";

import { phaseSentence } from "./sentence";
import classes from "./Page.module.css";

const HEIGHT = 56;

/** Mean latent over the stride, one tile per bin of phase. */
export function PhaseCurve({
  phase,
  leg,
}: {
  phase: NonNullable<Dashboard["phase"]>;
  leg: string | undefined;
}) {
  const [ref, { width }] = useSize();
  const largest = Math.max(1e-12, ...phase.curve);
  const tile = width / Math.max(1, phase.curve.length);
  const sentence = phaseSentence(phase);
  const label = `Mean activation over the stride, up to ${num(largest, 3)}. ${sentence}`;
  return (
    <section className={classes.part}>
      <h4>Over the stride</h4>
      <p className={classes.quiet}>
        {sentence} Concentration {fixed(phase.concentration, 2)}, one bump explains{" "}
        {percent(phase.tile_r2, 0)}
        {phase.tile && ": it says where in the stride, and little else; steer its cluster instead"}.
      </p>
      <Saveable title="Activation over the stride" as="drawing">
        <div ref={ref}>
          {width > 0 && (
            <svg className={classes.phase} width={width} height={HEIGHT} role="img" aria-label={label}>
              {phase.curve.map((value, index) => {
                const tall = (value / largest) * (HEIGHT - 2);
                return (
                  <rect
                    key={index}
                    className={classes.column}
                    x={index * tile + 0.5}
                    width={Math.max(0.5, tile - 1)}
                    y={HEIGHT - 1 - tall}
                    height={tall}
                  />
                );
              })}
              <line x1={0} x2={width} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
            </svg>
          )}
        </div>
      </Saveable>
      <p className={classes.ends}>
        <span>0: {leg ?? "first"} leg touches down</span>
        <span>½</span>
        <span>1 stride, {fixed(phase.stride_rate, 2)}&nbsp;Hz</span>
      </p>
    </section>
  );
}
