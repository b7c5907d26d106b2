import { useEffect, useRef } from "react";

import { paintedBy } from "@/lib/picture";
import type { Drawing } from "@/lib/types";
import { useSize } from "@/ui/use-size";

import type { ReplayArm } from "./decode";
import type { Player } from "./player";
import { webgl } from "./webgl";
import { Stage, type Palette, type StageOptions } from "./stage";
import classes from "./Replay.module.css";

interface Props {
  scene: Drawing;
  arms: ReplayArm[];
  palette: Palette;
  player: Player;
  options: StageOptions;
  label: string;
}

/** The 3-D panes. Drag turns, the wheel with Ctrl zooms, so that scrolling the page still scrolls the page. */
export function BodiesView({ scene, arms, palette, player, options, label }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | null>(null);
  const latest = useRef(options);
  const drawable = webgl() !== "none";
  const [box, size] = useSize();

  useEffect(() => {
    if (!canvas.current) return undefined;
    const made = new Stage(canvas.current, scene, arms, palette);
    stage.current = made;
    const draw = () => {
      const { step, playing } = player.get();
      made.draw(step, latest.current, playing);
    };
    const stop = player.subscribe(draw);
    paintedBy(canvas.current, {
      again: () => made.drawPicture(player.get().step, latest.current),
      after: () => made.draw(player.get().step, latest.current),
    });
    return () => {
      stop();
      made.dispose();
      stage.current = null;
    };
  }, [scene, arms, palette, player]);

  useEffect(() => {
    latest.current = options;
    if (size.width === 0) return;
    stage.current?.resize(size.width, size.height);
    stage.current?.draw(player.get().step, options);
  }, [options, size, player, scene, arms, palette]);

  const turn = (dx: number, dy: number, notches = 0) => {
    stage.current?.orbit(dx, dy, notches);
    stage.current?.draw(player.get().step, latest.current);
  };
  const zoom = useRef(turn);
  useEffect(() => {
    zoom.current = turn;
  });
  useEffect(() => {
    const element = canvas.current;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom.current(0, 0, -Math.sign(event.deltaY));
    };
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  }, []);

  return (
    <div ref={box} className={classes.stage}>
      {!drawable ? (
        <p className={classes.noWebgl}>
          This browser has no WebGL, so bodies cannot be drawn here. The charts below show the same steps.
        </p>
      ) : (
        <canvas
          ref={canvas}
          role="img"
          aria-label={label}
          title="Drag to turn, Ctrl and wheel to zoom"
          onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
          onPointerMove={(event) => event.buttons === 1 && turn(event.movementX, event.movementY)}
        />
      )}
    </div>
  );
}
