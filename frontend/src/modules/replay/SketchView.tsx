import { useEffect, useRef } from "react";

import { paintedBy } from "@/lib/picture";
import type { Plane } from "@/lib/svg-context";
import { useSize } from "@/ui/use-size";

import type { ReplayArm } from "./decode";
import type { Player } from "./player";
import { SKETCHES } from "./sketches";
import type { Palette } from "./stage";
import classes from "./Replay.module.css";

interface Props {
  kind: string;
  arms: ReplayArm[];
  palette: Palette;
  player: Player;
  label: string;
}

/** Environments without a body: one drawing in the plane per arm. */
export function SketchView({ kind, arms, palette, player, label }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [box, size] = useSize();

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context || size.width === 0) return undefined;
    const ratio = window.devicePixelRatio;
    element.width = size.width * ratio;
    element.height = size.height * ratio;
    const pane = size.width / arms.length;
    const style = getComputedStyle(document.documentElement);
    const paint = (context: Plane) => {
      context.fillStyle = palette.background;
      context.fillRect(0, 0, size.width, size.height);
      for (const [index, arm] of arms.entries()) {
        const step = player.get().step;
        context.save();
        context.beginPath();
        context.rect(index * pane, 0, pane, size.height);
        context.clip();
        context.translate(index * pane, 0);
        context.globalAlpha = step >= arm.length ? 0.45 : 1;
        const color = palette.arms[index] ?? palette.calm;
        const ink = style.getPropertyValue("--ink-3");
        SKETCHES[kind]?.(
          { context, width: pane, height: size.height, color, line: palette.calm, ink },
          arm,
          step,
        );
        context.restore();
      }
    };
    const draw = () => {
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      paint(context);
    };
    draw();
    paintedBy(element, { vector: paint });
    const stop = player.subscribe(draw);
    return () => void stop();
  }, [kind, arms, palette, player, size]);

  return (
    <div ref={box} className={classes.stage}>
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  );
}
