import { useSyncExternalStore } from "react";

import { STOPS } from "./stops";

// The tour outlives the pages it leads through, so its place is kept beside them.
let at: number | undefined;
const listeners = new Set<() => void>();

function moveTo(stop: number | undefined) {
  at = stop;
  listeners.forEach((tell) => tell());
}

export const startTour = () => moveTo(0);
export const endTour = () => moveTo(undefined);
/** One stop on or back; after the last stop the tour is over. */
export const moveTour = (by: 1 | -1) => {
  const next = (at ?? 0) + by;
  moveTo(next < STOPS.length ? Math.max(0, next) : undefined);
};

const subscribe = (tell: () => void) => {
  listeners.add(tell);
  return () => void listeners.delete(tell);
};

/** Number of the stop, from 0; undefined when no tour is on. */
export const useTour = () => useSyncExternalStore(subscribe, () => at);
