import type { ReactNode } from "react";

import type { StudyKind } from "@/lib/types";

import classes from "../Effects.module.css";

const DRAWN: Record<StudyKind, { about: string; drawing: ReactNode }> = {
  dose_response: {
    about:
      "A curve over doses of both signs with its band, the grey band of random directions, three simpler handles, and the falls below.",
    drawing: (
      <>
        <path className={classes.chance} d="M20 52 130 76 240 52v48L130 76 20 100Z" />
        <path className={classes.minus} d="M20 96 75 82 130 76" />
        <path className={classes.plus} d="M130 76 185 48 240 26" />
        <path className={classes.handle} d="M20 66 130 76 240 92" />
      </>
    ),
  },
  calibration: {
    about:
      "The doses that were tried, the safe range of each sign, the dose that reaches the wanted change, and what it does on fresh seeds beside other directions.",
    drawing: (
      <>
        <path className={classes.minusArea} d="M62 68h68v16H62z" />
        <path className={classes.plusArea} d="M130 68h60v16h-60z" />
        {[34, 62, 96, 130, 150, 168, 190, 226].map((x) => (
          <circle key={x} cx={x} cy={76} r={3.5} />
        ))}
        <path className={classes.chosen} d="M162 46h12l-6 10Z" />
      </>
    ),
  },
  scan: {
    about:
      "One point per push, change against false discovery rate. What lies above the line is tried again on fresh seeds, and only what holds there is a finding.",
    drawing: (
      <>
        <path className={classes.handle} d="M20 50h220" />
        {[60, 84, 104, 118, 126, 138, 150, 172].map((x, index) => (
          <circle key={x} cx={x} cy={112 - ((index * 23) % 44)} r={3.5} className={classes.hollow} />
        ))}
        <circle cx={44} cy={36} r={4.5} className={classes.minusPoint} />
        <circle cx={212} cy={28} r={4.5} className={classes.plusPoint} />
      </>
    ),
  },
};

/** What a study of this kind will draw, before there is one: the shape of the figure and no numbers. */
export function Sketch({ kind }: { kind: StudyKind }) {
  const { about, drawing } = DRAWN[kind];
  return (
    <figure className={classes.sketch}>
      <svg viewBox="0 0 260 132" aria-hidden="true">
        <path className={classes.axis} d="M20 12v108h220M130 12v108" />
        {drawing}
      </svg>
      <figcaption>
        <strong>What will be drawn</strong>
        {about} The shape is a sketch, not a measurement.
      </figcaption>
    </figure>
  );
}
