import { useEffect, useMemo, useRef, type PointerEvent, type ReactNode } from "react";

import { num } from "@/lib/format";
import { Saveable } from "@/ui/Saveable";
import { useSize } from "@/ui/use-size";

import type { Player } from "./player";
import { usePlayer } from "./player";
import { shareSentence, signalSentence } from "./sentence";
import classes from "./Replay.module.css";

export interface Line {
  name: string;
  color: string;
  /** The colour of its number. */
  ink: string;
  values: Float32Array;
}

interface Props {
  title: ReactNode;
  /** The title as text, of its file and description. */
  name: string;
  lines: Line[];
  player: Player;
  /** A row of bars per line where its value is above zero, instead of curves. */
  bars?: boolean;
}

interface Range {
  low: number;
  high: number;
}

function rangeOf(lines: Line[]): Range {
  let low = Infinity;
  let high = -Infinity;
  for (const { values } of lines)
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  if (low > high) return { low: 0, high: 1 };
  return low === high ? { low: low - 1, high: high + 1 } : { low, high };
}

const CURVES_HEIGHT = 64;
const BAR_HEIGHT = 10;

interface Sheet {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
}

function blank(canvas: HTMLCanvasElement): Sheet | null {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = window.devicePixelRatio;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d");
  context?.scale(ratio, ratio);
  return context && { context, width, height };
}

function drawBars({ context, width }: Sheet, lines: Line[], steps: number) {
  const wide = width / Math.max(1, steps);
  for (const [row, { values, color }] of lines.entries()) {
    context.fillStyle = color;
    for (const [step, value] of values.entries())
      if (value > 0) context.fillRect(step * wide, row * BAR_HEIGHT + 2, wide + 0.5, BAR_HEIGHT - 4);
  }
}

function drawCurves({ context, width, height }: Sheet, lines: Line[], steps: number, { low, high }: Range) {
  context.lineWidth = 1.25;
  context.lineJoin = "round";
  const y = (value: number) => 3 + (height - 6) * (1 - (value - low) / (high - low));
  if (low < 0 && high > 0) {
    context.strokeStyle = getComputedStyle(context.canvas).getPropertyValue("--line-strong");
    context.beginPath();
    context.moveTo(0, y(0));
    context.lineTo(width, y(0));
    context.stroke();
  }
  for (const { values, color } of lines) {
    context.strokeStyle = color;
    context.beginPath();
    for (const [step, value] of values.entries()) {
      const x = (step / Math.max(1, steps - 1)) * width;
      if (step === 0) context.moveTo(x, y(value));
      else context.lineTo(x, y(value));
    }
    context.stroke();
  }
}

/** One signal of every arm over time; pressing or dragging moves the time bar. */
export function Timeline({ title, name, lines, player, bars = false }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [box, size] = useSize();
  const { step } = usePlayer(player);
  const steps = player.last + 1;
  const range = useMemo(() => rangeOf(lines), [lines]);
  const sentence = useMemo(() => (bars ? shareSentence(lines) : signalSentence(lines)), [lines, bars]);

  useEffect(() => {
    const sheet = canvas.current && size.width > 0 ? blank(canvas.current) : null;
    if (sheet && bars) drawBars(sheet, lines, steps);
    else if (sheet) drawCurves(sheet, lines, steps, range);
  }, [lines, steps, range, size, bars]);

  const seek = (event: PointerEvent<HTMLDivElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    player.pause();
    player.seek(((event.clientX - left) / width) * player.last);
  };

  return (
    <div className={classes.timeline}>
      <div className={classes.timelineHead}>
        <span>{title}</span>
        <span className={classes.values} hidden={bars}>
          {lines.map(({ name, ink, values }) => (
            <span key={name} style={{ color: ink }} title={name}>
              {step < values.length ? num(values[step]) : "ended"}
            </span>
          ))}
        </span>
      </div>
      <Saveable title={name} as="picture">
        <div
          ref={box}
          className={classes.plot}
          style={{ height: bars ? lines.length * BAR_HEIGHT : CURVES_HEIGHT }}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            seek(event);
          }}
          onPointerMove={(event) => event.buttons === 1 && seek(event)}
        >
          <canvas ref={canvas} role="img" aria-label={`${name}: ${sentence}`} />
          <i style={{ left: `${String((100 * step) / Math.max(1, player.last))}%` }} aria-hidden="true" />
        </div>
      </Saveable>
      <div className={classes.range}>
        {!bars && `Axis ${num(range.low)} to ${num(range.high)}. `}
        {sentence}
      </div>
    </div>
  );
}
