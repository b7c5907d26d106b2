import { useEffect, useRef, useSyncExternalStore } from "react";

import { num } from "@/lib/format";
import type { Palette } from "@/modules/replay/stage";
import { Saveable } from "@/ui/Saveable";
import { useSize } from "@/ui/use-size";

import { liveSentence } from "./sentence";
import { ARMS, STEERED, type Session } from "./session";
import classes from "./Live.module.css";

interface Props {
  session: Session;
  palette: Palette;
  features: number[];
}

interface Curve {
  name: string;
  color: string;
  values: readonly number[];
}

/** Steps on show; older ones leave on the left. */
const WINDOW = 400;
const HEIGHT = 62;

/** What the hand does, what the first feature does, what is paid: the last few seconds. */
export function LiveCharts({ session, palette, features }: Props) {
  const { arms } = useSyncExternalStore(session.subscribe, session.get);
  const steps = Math.max(...arms.map((arm) => arm.steps));
  const traces = session.recording.pushed;
  const colors = [palette.arms[STEERED] ?? "", palette.inks[1] ?? "", palette.inks[0] ?? ""];
  const alphas = traces.map(({ feature: moved, values }, index) => ({
    name: `feature ${String(moved)}`,
    color: colors[index % colors.length] ?? "",
    values,
  }));
  const of = (pick: "totals" | "latents") =>
    session.history.map((history, index) => ({
      name: ARMS[index]?.name ?? "",
      color: palette.arms[index] ?? "",
      values: history[pick],
    }));
  const feature = features[0];
  return (
    <div className={classes.charts}>
      <Chart title="α by hand" unit={traces.map((each) => `feature ${each.feature}`).join(", ")} curves={alphas} last={steps} /> 
      <Chart title={feature === undefined ? "No feature" : `Activation of feature ${feature}`} unit="before the edit" curves={of("latents")} last={steps} />
      <Chart title="Return so far" unit="" curves={of("totals")} last={steps} />
    </div>
  ); // prettier-ignore
}

function range(curves: Curve[], first: number): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const { values } of curves)
    for (let at = Math.max(0, first); at < values.length; at++) {
      low = Math.min(low, values[at] ?? low);
      high = Math.max(high, values[at] ?? high);
    }
  if (low > high) return [0, 1];
  return low === high ? [Math.min(0, low - 0.5), Math.max(0, high + 0.5)] : [low, high];
}

function Chart({
  title,
  unit,
  curves,
  last,
}: {
  title: string;
  unit: string;
  curves: Curve[];
  last: number;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [box, size] = useSize();
  const first = Math.max(0, last - WINDOW);
  const [low, high] = range(curves, first);
  const sentence = liveSentence(curves, first);
  const drawn = curves.some(({ values }) => values.length > first);

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context || size.width === 0) return;
    const ratio = window.devicePixelRatio;
    canvas.current.width = size.width * ratio;
    canvas.current.height = HEIGHT * ratio;
    context.scale(ratio, ratio);
    const y = (value: number) => 3 + (HEIGHT - 6) * (1 - (value - low) / (high - low));
    if (low < 0 && high > 0) {
      context.fillStyle = getComputedStyle(canvas.current).getPropertyValue("--line-strong");
      context.fillRect(0, y(0), size.width, 1);
    }
    context.lineWidth = 1.4;
    for (const { values, color } of curves) {
      context.strokeStyle = color;
      context.beginPath();
      for (let at = first; at < values.length; at++)
        context.lineTo(((at - first) / WINDOW) * size.width, y(values[at] ?? 0));
      context.stroke();
    }
  });

  return (
    <div className={classes.chart}>
      <div className={classes.chartHead}>
        <span>{title}</span>
        <small>{unit}</small>
      </div>
      <Saveable title={`${title} while steering`} as="picture">
        <div ref={box} className={classes.plot} style={{ height: HEIGHT }}>
          <canvas ref={canvas} role="img" aria-label={`${title}: ${sentence}`} />
        </div>
      </Saveable>
      <small className={classes.range}>
        {drawn
          ? `${num(low)} to ${num(high)}, steps ${first} to ${Math.max(last, first + WINDOW)}`
          : "\u00a0"}
      </small>
      <p className={classes.says}>{sentence}</p>
    </div>
  );
}
