import type { ReactNode } from "react";

import { fixed, num } from "@/lib/format";
import type { Clip } from "@/lib/types";

import { Trace } from "./Trace";
import classes from "./Page.module.css";

interface Props {
  clip: Clip;
  names: string[];
  legs: string[];
  dt: number | null;
  peak: number;
}

/** One moment at a readable size: the latent, every action on one common scale, feet on the floor. */
export function ClipDetail({ clip, names, legs, dt, peak }: Props) {
  const at = clip.row - clip.start;
  const actions = clip.actions ?? [];
  const most = Math.max(1e-9, ...actions.flat().map((value) => Math.abs(value)));
  const seconds = (steps: number) => (dt === null ? `${steps} steps` : `${fixed(steps * dt, 2)} s`);
  return (
    <figure className={classes.clip}>
      <figcaption>
        Episode {clip.episode}, step {clip.step}
        {dt !== null && `, ${fixed(clip.step * dt, 2)} s`}: activation <b>{num(clip.value, 3)}</b>
      </figcaption>
      <Line label="activation" unit={`0 to ${num(peak, 2)}`}>
        <Trace values={clip.latent} low={0} high={peak} at={at} height={48} fill />
      </Line>
      {actions.map((values, index) => (
        <Line key={index} label={names[index] ?? `action ${index}`} unit={`±${num(most, 2)}`}>
          <Trace values={values} low={-most} high={most} at={at} height={26} />
        </Line>
      ))}
      {clip.contacts?.map((touching, index) => (
        <Line key={`leg ${index}`} label={`${legs[index] ?? "leg"} foot`} unit="on floor">
          <Contact touching={touching} />
        </Line>
      ))}
      <p className={classes.ends}>
        <span>−{seconds(at)}</span>
        <span>+{seconds(clip.latent.length - 1 - at)}</span>
      </p>
      {clip.actions === null && (
        <p className={classes.quiet}>Actions and contacts are kept for top and random examples.</p>
      )}
    </figure>
  );
}

function Line({ label, unit, children }: { label: string; unit: string; children: ReactNode }) {
  return (
    <div className={classes.lane}>
      <span title={label}>{label}</span>
      {children}
      <small>{unit}</small>
    </div>
  );
}

function Contact({ touching }: { touching: readonly (boolean | null)[] }) {
  return (
    <svg
      className={classes.trace}
      viewBox={`0 0 ${touching.length} 8`}
      height={8}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {touching.map((down, index) =>
        down ? <rect key={index} className={classes.foot} x={index} width={1.05} y={1} height={6} /> : null,
      )}
    </svg>
  );
}
