import { useEffect, useRef, type PointerEvent } from "react";

import { num } from "@/lib/format";
import { paintedBy } from "@/lib/picture";
import type { Drawing } from "@/lib/types";
import { moves, Stage, type Palette, type StageOptions } from "@/modules/replay/stage";
import { webgl } from "@/modules/replay/webgl";
import { useSize } from "@/ui/use-size";

import { BrowserSession } from "./browser-session";
import type { Session } from "./session";
import classes from "./Live.module.css";

export type Drag = "turn" | "shove";

interface Props {
  session: Session;
  drawing: Drawing;
  palette: Palette;
  drag: Drag;
  force: readonly [number, number, number] | null;
}

/** Pixels that a drag must cover for a shove as strong as the body is heavy. */
const PIXELS_PER_WEIGHT = 110;
const STRONGEST = 2.5;

/** The three bodies. Dragging turns the view, or shoves all of them alike. */
export function LiveStage({ session, drawing, palette, drag, force }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | null>(null);
  const from = useRef<{ x: number; y: number } | null>(null);
  const drawable = webgl() !== "none";
  const [box, size] = useSize();

  useEffect(() => {
    if (!canvas.current) return undefined;
    const made = new Stage(canvas.current, drawing, session.actors, palette);
    stage.current = made;
    const options: StageOptions = { layout: "panes", follow: moves(drawing), trails: false, paint: "arm" };
    const draw = () => made.draw(0, options, session.get().playing);
    const stop = session.onFrame(draw);
    paintedBy(canvas.current, {
      again: () => made.drawPicture(0, options),
      after: () => made.draw(0, options),
    });
    return () => {
      stop();
      made.dispose();
      stage.current = null;
    };
  }, [session, drawing, palette]);

  useEffect(() => {
    if (size.width === 0) return;
    stage.current?.resize(size.width, size.height);
    session.redraw();
  }, [size, session, drawing, palette]);

  const move = (event: PointerEvent) => {
    if (event.buttons !== 1) return;
    if (drag === "turn") {
      stage.current?.orbit(event.movementX, event.movementY);
      session.redraw();
      return;
    }
    if (!from.current || !(session instanceof BrowserSession)) return;
    const pull = session.weight / PIXELS_PER_WEIGHT;
    const strongest = STRONGEST * session.weight;
    const limit = (value: number) => Math.max(-strongest, Math.min(strongest, value));
    session.shove([
      limit(pull * (event.clientX - from.current.x)),
      0,
      limit(-pull * (event.clientY - from.current.y)),
    ]);
  };
  const release = () => {
    if (from.current && force && session instanceof BrowserSession) session.shove(null);
    from.current = null;
  };

  return (
    <div ref={box} className={classes.stage} data-drag={drag}>
      {!drawable ? (
        <p className={classes.noWebgl}>
          This browser has no WebGL, so bodies cannot be drawn here. The numbers still run.
        </p>
      ) : (
        <canvas
          ref={canvas}
          role="img"
          aria-label="The three bodies: opposite, baseline, steered"
          title={drag === "turn" ? "Drag to turn the view" : "Drag to shove all three bodies"}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            from.current = { x: event.clientX, y: event.clientY };
          }}
          onPointerMove={move}
          onPointerUp={release}
          onPointerCancel={release}
        />
      )}
      {force && (
        <output className={classes.force}>
          shove {num(Math.hypot(...force), 3)} N{" "}
          <span style={{ rotate: `${String((Math.atan2(-force[2], force[0]) * 180) / Math.PI)}deg` }}>→</span>
        </output>
      )}
    </div>
  );
}
