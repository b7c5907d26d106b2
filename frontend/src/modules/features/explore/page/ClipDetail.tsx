import { lazy, type PointerEvent, type ReactNode } from "react";

import { fixed, num } from "@/lib/format";
import type { Clip, Dashboard, Model } from "@/lib/types";
import { useDrawing } from "@/modules/replay/api";
import { channelOf, type Moment, type Signal } from "@/modules/replay/decode";
import { usePlayer, type Player } from "@/modules/replay/player";
import { LazyPart } from "@/ui/Boundary";
import { Block, Failure } from "@/ui/States";
import { useSeen } from "@/ui/use-seen";

import { useMoment } from "../api";
import { Trace } from "./Trace";
import classes from "./Page.module.css";

const MomentPlayer = lazy(() => import("@/modules/replay/MomentPlayer"));
const STAGE = 252;

interface Props {
  model: Model;
  data: Dashboard;
  clip: Clip;
  player: Player;
  peak: number;
}

/** One moment: the body in motion, the latent, every action on one common scale, feet on the floor. */
export function ClipDetail({ model, data, clip, player, peak }: Props) {
  const [ref, seen] = useSeen();
  const at = clip.row - clip.start;
  const found = useMoment(model, data.feature_idx, clip.row, seen);
  const drawing = useDrawing(data.undrawn === null && seen ? data.env : null);
  const error = found.error ?? drawing.error;
  return (
    <figure className={classes.clip}>
      <figcaption>
        Episode {clip.episode}, step {clip.step}
        {data.dt !== null && `, ${fixed(clip.step * data.dt, 2)}\u00a0s`}: activation{" "}
        <b>{num(clip.value, 3)}</b>
      </figcaption>
      <div ref={ref} className={classes.watch} data-drawn={data.undrawn === null}>
        {data.undrawn !== null ? (
          <p className={classes.quiet}>{data.undrawn}</p>
        ) : error ? (
          <Failure error={error} onRetry={() => void found.refetch()} title="The clip could not be read" />
        ) : seen && found.data && drawing.data ? (
          <LazyPart
            title="The player could not be opened"
            fallback={<Block height={STAGE} label="Opening the player" />}
          >
            <MomentPlayer
              drawing={drawing.data}
              moment={found.data}
              player={player}
              at={at}
              peak={Math.max(peak, 1e-9)}
            />
          </LazyPart>
        ) : (
          <Block height={STAGE} label="Reading the clip" />
        )}
      </div>
      <Lanes data={data} clip={clip} moment={found.data} player={player} peak={peak} />
    </figure>
  );
}

const rows = (signal: Signal | undefined) =>
  signal && Array.from({ length: signal.channels }, (_, channel) => Array.from(channelOf(signal, channel)));

/** What the list of examples leaves out is read from the clip itself. */
function tracesOf(clip: Clip, moment: Moment | undefined) {
  const signals = moment?.row === clip.row ? moment.arms[0]?.signals : undefined;
  const touching = rows(signals?.contacts)?.map((leg) => leg.map((value) => value > 0));
  return { actions: clip.actions ?? rows(signals?.actions), contacts: clip.contacts ?? touching };
}

interface LanesProps extends Pick<Props, "data" | "clip" | "player" | "peak"> {
  moment: Moment | undefined;
}

function Lanes({ data: { actions: known, legs, dt, undrawn }, clip, moment, player, peak }: LanesProps) {
  const at = clip.row - clip.start;
  const { actions, contacts } = tracesOf(clip, moment);
  const most = Math.max(1e-9, ...(actions ?? []).flat().map((value) => Math.abs(value)));
  const seconds = (steps: number) => (dt === null ? `${steps} steps` : `${fixed(steps * dt, 2)}\u00a0s`);
  const last = clip.latent.length - 1;
  const seek = ({ clientX, currentTarget }: PointerEvent) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    player.pause();
    player.seek(((clientX - left) / Math.max(1, width)) * last);
  };
  return (
    <>
      <div className={classes.lanes}>
        {undrawn === null && <Cursor player={player} onSeek={seek} />}
        <Line label="activation" unit={`0 to ${num(peak, 2)}`}>
          <Trace values={clip.latent} low={0} high={peak} at={at} height={48} fill />
        </Line>
        {actions?.map((values, index) => (
          <Line key={index} label={known[index]?.name ?? `action ${index}`} unit={`±${num(most, 2)}`}>
            <Trace values={values} low={-most} high={most} at={at} height={26} />
          </Line>
        ))}
        {contacts?.map((touching, index) => (
          <Line key={`leg ${index}`} label={`${legs[index] ?? "leg"} foot`} unit="on floor">
            <Contact touching={touching} />
          </Line>
        ))}
      </div>
      <p className={classes.ends}>
        <span>−{seconds(at)}</span>
        <span>+{seconds(last - at)}</span>
      </p>
      {!actions && <p className={classes.quiet}>Reading the actions.</p>}
    </>
  );
}

/** Where the clip stands, over all lanes at once; a click goes there. */
function Cursor({ player, onSeek }: { player: Player; onSeek: (event: PointerEvent) => void }) {
  const { step } = usePlayer(player);
  return (
    <div className={classes.cursor} onPointerDown={onSeek}>
      <i style={{ left: `${(100 * step) / Math.max(1, player.last)}%` }} />
    </div>
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
