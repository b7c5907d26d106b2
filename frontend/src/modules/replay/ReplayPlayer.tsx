import { lazy, useDeferredValue, useMemo, useState, type ReactNode } from "react";

import { fixed, num } from "@/lib/format";
import type { Legend } from "@/lib/picture";
import type { Run, RunArm, Scene } from "@/lib/types";
import { toneOf } from "@/modules/runs/arms";
import { ArmName } from "@/ui/ArmName";
import { LazyPart } from "@/ui/Boundary";
import { Saveable } from "@/ui/Saveable";
import { Block } from "@/ui/States";

import { BodiesView } from "./BodiesView";
import { Branch } from "./Branch";
import type { Replay, ReplayArm } from "./decode";
import { paletteOf } from "./palette";
import { Player } from "./player";
import { Signals } from "./Signals";
import { SketchView } from "./SketchView";
import { moves, type Palette, type StageOptions } from "./stage";
import { TimeBar } from "./TimeBar";
import { usePlayback } from "./use-playback";
import { useScheme } from "./use-scheme";
import { useFrameInAddress, type Watch } from "./use-watch";
import { ArmChoice, ViewOptions } from "./ViewOptions";
import classes from "./Replay.module.css";

const Activations = lazy(() => import("./activations/Activations"));

interface Props {
  run: Run;
  scene: Scene;
  replay: Replay;
  address: Watch;
}

const WITHOUT_TIME = 1 / 30;

/** All arms of one seed on one time bar, from −α over the baseline to +α. */
export default function ReplayPlayer({ run, scene, replay: recorded, address }: Props) {
  const { arms } = run;
  const { watch, setWatch } = address;
  const all = useMemo(() => inOrder(recorded.arms, arms), [recorded, arms]);
  const named = watch.arms?.join("\n");
  const replay = useMemo(() => ({ ...recorded, arms: chosenOf(all, named) }), [recorded, all, named]);
  const steps = Math.max(...all.map((arm) => arm.length));
  const [pace] = useState({ speed: watch.speed ?? 1, loop: !watch.once });
  const player = useMemo(
    () => new Player(steps, scene.dt ?? WITHOUT_TIME, pace.speed, pace.loop),
    [steps, scene.dt, pace],
  );
  useFrameInAddress(player, address);
  const scheme = useScheme();
  const palette = useMemo(
    () =>
      paletteOf(
        scheme,
        arms,
        replay.arms.map((arm) => arm.name),
      ),
    [arms, replay, scheme],
  );
  const { layout = "panes", paint = "arm", trails = false, camera } = watch;
  const options: StageOptions = useMemo(
    () => ({ layout, paint, trails, follow: moves(scene) && camera !== "still" }),
    [layout, paint, trails, camera, scene],
  );
  const bodies = scene.kind === "bodies";

  const onKey = usePlayback(player, watch.step);
  const label = `Replay of seed ${String(replay.seed)}: ${replay.arms.map((arm) => arm.name).join(", ")}`;
  const shared = { arms: replay.arms, palette, player, label };

  return (
    <div className={classes.player} onKeyDown={onKey} role="group" aria-label={label}>
      <Options scene={scene} replay={replay} all={all} options={options} onChange={setWatch} />
      <Saveable
        title={label}
        as={bodies ? "picture" : "sketch"}
        legend={() => legendOf(run, scene, replay, palette, player)}
      >
        <div className={classes.screen}>
          <Labels arms={replay.arms} palette={palette} />
          {bodies ? (
            <BodiesView {...shared} scene={scene} options={options} />
          ) : (
            <SketchView {...shared} kind={scene.kind} />
          )}
        </div>
      </Saveable>
      <TimeBar player={player} dt={scene.dt} />
      <Below
        run={run}
        scene={scene}
        replay={replay}
        all={all}
        palette={palette}
        player={player}
        address={address}
      />
    </div>
  );
}

interface BelowProps extends Props {
  all: ReplayArm[];
  palette: Palette;
  player: Player;
}

/** What lies below the bodies comes once they move. */
function Below({ run, scene, replay, all, palette, player, address }: BelowProps) {
  const { watch, setWatch } = address;
  const due = useDeferredValue(true, false);
  if (!due) return null;
  return (
    <>
      {scene.restarts && <Branch run={run} replay={replay} player={player} />}
      <Signals run={run} scene={scene} replay={replay} palette={palette} player={player} />
      <Fold
        summary="What every unit of the network does"
        open={watch.units === true}
        onOpen={(open) => setWatch({ units: open || undefined })}
      >
        <Activations
          runId={replay.run_id}
          seed={replay.seed}
          arms={all.map((arm) => arm.name)}
          player={player}
          address={address}
        />
      </Fold>
    </>
  );
}

const outcome = (arm: ReplayArm) =>
  `return ${num(arm.return, 4)}${arm.fell ? `, fell at step ${String(arm.length)}` : ""}`;

/** Around a saved picture: the arms as above them on screen, and what moment of which run it is. */
function legendOf(run: Run, scene: Scene, { arms, seed }: Replay, palette: Palette, player: Player): Legend {
  const { step } = player.get();
  const time = scene.dt === null ? "" : ` (${fixed(step * scene.dt, 2)}\u00a0s)`;
  return {
    heads: arms.map((arm, index) => ({
      text: arm.name,
      color: palette.inks[index] ?? palette.arms[index] ?? palette.calm,
      note: outcome(arm),
    })),
    caption: `${run.env}, run ${run.id}, seed ${String(seed)}, step ${String(step)}${time}`,
  };
}

interface OptionsProps {
  scene: Scene;
  replay: Replay;
  all: ReplayArm[];
  options: StageOptions;
  onChange: Watch["setWatch"];
}

function Options({ scene, replay, all, options, onChange }: OptionsProps) {
  const bodies = scene.kind === "bodies";
  if (!bodies && all.length === 1) return null;
  return (
    <div className={classes.options}>
      {bodies && (
        <ViewOptions
          options={options}
          canFollow={moves(scene)}
          features={replay.features.length > 0}
          onChange={onChange}
        />
      )}
      {all.length > 1 && (
        <ArmChoice all={all} shown={replay.arms} onChange={(names) => onChange({ arms: names })} />
      )}
    </div>
  );
}

function Labels({ arms, palette }: { arms: ReplayArm[]; palette: Palette }) {
  const gridTemplateColumns = `repeat(${String(arms.length)}, minmax(0, 1fr))`;
  return (
    <div className={classes.labels} style={{ gridTemplateColumns }}>
      {arms.map((arm, index) => (
        <div key={arm.name}>
          <ArmName color={palette.arms[index] ?? ""}>{arm.name}</ArmName>
          <small>{outcome(arm)}</small>
        </div>
      ))}
    </div>
  );
}

interface FoldProps {
  summary: string;
  open: boolean;
  onOpen: (open: boolean) => void;
  children: ReactNode;
}

/** Its content is fetched and drawn only once it is opened. */
function Fold({ summary, open, onOpen, children }: FoldProps) {
  return (
    <details
      className={classes.exportBox}
      open={open}
      onToggle={(event) => event.currentTarget.open !== open && onOpen(event.currentTarget.open)}
    >
      <summary>{summary}</summary>
      {open && (
        <LazyPart
          title="The activations could not be opened"
          fallback={<Block height={240} label="Opening the activations" />}
        >
          {children}
        </LazyPart>
      )}
    </details>
  );
}

const ORDER = ["neg", "base", "ink", "pos"];

function inOrder(shown: ReplayArm[], arms: RunArm[]): ReplayArm[] {
  const rank = new Map(arms.map((arm) => [arm.name, ORDER.indexOf(toneOf(arm))]));
  return [...shown].sort((a, b) => (rank.get(a.name) ?? 0) - (rank.get(b.name) ?? 0));
}

/** The arms that the address names, one on each line; all of them where it names none of this run. */
function chosenOf(all: ReplayArm[], named: string | undefined): ReplayArm[] {
  const found = all.filter((arm) => named?.split("\n").includes(arm.name));
  return found.length > 0 ? found : all;
}
