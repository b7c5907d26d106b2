import { useEffect, useRef, useState, type PointerEvent } from "react";

import { num } from "@/lib/format";
import { Saveable } from "@/ui/Saveable";

import type { Signal } from "../decode";
import { usePlayer, type Player } from "../player";
import { useScheme } from "../use-scheme";
import { pixels, rgbOf, type Scale } from "./units";
import classes from "./Activations.module.css";

interface Props {
  label: string;
  signal: Signal;
  order: readonly number[];
  largest: number;
  player: Player;
}

interface Place {
  unit: number;
  step: number;
}

function readScale(canvas: HTMLCanvasElement, largest: number): Scale {
  const style = getComputedStyle(canvas);
  const color = (name: string) => rgbOf(style.getPropertyValue(name));
  return { negative: color("--neg"), zero: color("--inset"), positive: color("--pos"), largest };
}

/** Units from top to bottom, steps from left to right, one pixel each, stretched by the page: painted once, whatever
 * the time bar does. */
export function UnitMap({ label, signal, order, largest, player }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useScheme();
  const { step } = usePlayer(player);
  const [at, setAt] = useState<Place | null>(null);
  const steps = player.last + 1;

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context || order.length === 0) return;
    element.width = steps;
    element.height = order.length;
    const image = context.createImageData(steps, order.length);
    image.data.set(pixels(signal, order, steps, readScale(element, largest)));
    context.putImageData(image, 0, 0);
  }, [signal, order, largest, steps, scheme]);

  const placeOf = (event: PointerEvent<HTMLDivElement>): Place => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const share = (part: number, whole: number) => Math.min(0.9999, Math.max(0, part / whole));
    const row = Math.floor(share(event.clientY - top, height) * order.length);
    return { unit: order[row] ?? 0, step: Math.floor(share(event.clientX - left, width) * steps) };
  };
  const seek = (event: PointerEvent<HTMLDivElement>) => {
    player.pause();
    player.seek(placeOf(event).step);
  };
  const value =
    at && (at.step < signal.length ? num(signal.data[at.unit * signal.length + at.step]) : "ended");
  return (
    <figure className={classes.map}>
      <figcaption>
        <span>{label}</span>
        <output>{at && `unit ${String(at.unit)}, step ${String(at.step)}: ${value ?? ""}`}</output>
      </figcaption>
      <Saveable title={`Activations of ${label}`} as="picture">
        <div
          className={classes.plot}
          style={{ height: Math.max(48, Math.min(160, 4 * order.length)) }}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            seek(event);
          }}
          onPointerMove={(event) => {
            setAt(placeOf(event));
            if (event.buttons === 1) seek(event);
          }}
          onPointerLeave={() => setAt(null)}
        >
          <canvas
            ref={canvas}
            role="img"
            aria-label={`${label}: ${String(order.length)} units over ${String(steps)} steps`}
          />
          <i style={{ left: `${String((100 * (step + 0.5)) / steps)}%` }} aria-hidden="true" />
        </div>
      </Saveable>
    </figure>
  );
}
