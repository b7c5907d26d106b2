import { useRef, type KeyboardEvent, type PointerEvent } from "react";

import { moduleWord, nearestStop, type NetworkLayout, type Stop } from "./network-layout";
import classes from "./Network.module.css";

interface Props {
  layout: NetworkLayout;
  tap: number | null;
  /** Where the loaded SAE sits, if there is one. */
  saeTap: number | null;
  onMove: (tap: number) => void;
}

export function tapText(stop: Stop): string {
  return `net[${stop.tap}], after ${moduleWord(stop.module)}, ${stop.module.out_features} wide`;
}

function stepTo(stops: readonly Stop[], current: number, key: string): Stop | undefined {
  if (key === "Home") return stops[0];
  if (key === "End") return stops.at(-1);
  const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[key];
  return step === undefined ? undefined : stops[Math.min(stops.length - 1, Math.max(0, current + step))];
}

/** The row of places under the network where the tap can stand; a slider with one stop per module. */
export function TapRail({ layout, tap, saeTap, onMove }: Props) {
  const rail = useRef<HTMLDivElement>(null);
  const { stops } = layout;
  const current = stops.findIndex((stop) => stop.tap === tap);
  const active = stops[current];

  const follow = (event: PointerEvent) => {
    const box = rail.current?.getBoundingClientRect();
    const stop = box && nearestStop(stops, event.clientX - box.left);
    if (stop && stop.tap !== tap) onMove(stop.tap);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const stop = stepTo(stops, current, event.key);
    if (!stop) return;
    event.preventDefault();
    onMove(stop.tap);
  };

  return (
    <div
      ref={rail}
      className={classes.rail}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        follow(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && follow(event)}
    >
      <Stops stops={stops} active={active} saeTap={saeTap} />
      <Handle stops={stops} active={active} onKeyDown={onKeyDown} />
    </div>
  );
}

const MIN_WORD_PITCH = 42;

function Stops({
  stops,
  active,
  saeTap,
}: {
  stops: Stop[];
  active: Stop | undefined;
  saeTap: number | null;
}) {
  const tight = stops.some((stop, i) => i > 0 && stop.x - (stops[i - 1]?.x ?? 0) < MIN_WORD_PITCH);
  return stops.map((stop) => (
    <span
      key={stop.tap}
      className={classes.stop}
      data-active={stop === active}
      style={{ left: stop.x }}
      aria-hidden="true"
    >
      <i data-sae={stop.tap === saeTap} />
      <b>{stop.tap}</b>
      {!tight && <small>{moduleWord(stop.module)}</small>}
    </span>
  ));
}

interface HandleProps {
  stops: Stop[];
  active: Stop | undefined;
  onKeyDown: (event: KeyboardEvent) => void;
}

function Handle({ stops, active, onKeyDown }: HandleProps) {
  const first = stops[0];
  const shown = active ?? first;
  if (!first || !shown) return null;
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label="Tap position"
      aria-valuemin={first.tap}
      aria-valuemax={stops.at(-1)?.tap}
      aria-valuenow={shown.tap}
      aria-valuetext={active ? tapText(active) : "not set"}
      className={classes.handle}
      data-set={active !== undefined}
      style={{ left: shown.x }}
      onKeyDown={onKeyDown}
    />
  );
}
