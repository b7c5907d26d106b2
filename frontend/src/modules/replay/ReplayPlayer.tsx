import { Checkbox, SegmentedControl } from "@mantine/core";
import { lazy, Suspense, useMemo, useState, type ReactNode } from "react";

import { num } from "@/lib/format";
import type { Run, RunArm, Scene } from "@/lib/types";
import { toneOf } from "@/modules/runs/arms";
import { ArmName } from "@/ui/ArmName";
import { Block } from "@/ui/States";

import { BodiesView } from "./BodiesView";
import { Branch } from "./Branch";
import type { Replay, ReplayArm } from "./decode";
import { paletteOf } from "./palette";
import { Player } from "./player";
import { Signals } from "./Signals";
import { SketchView } from "./SketchView";
import { moves, type StageOptions } from "./stage";
import { TimeBar } from "./TimeBar";
import { usePlayback } from "./use-playback";
import { useScheme } from "./use-scheme";
import classes from "./Replay.module.css";

const Activations = lazy(() => import("./activations/Activations"));

interface Props {
  run: Run;
  scene: Scene;
  replay: Replay;
}

const WITHOUT_TIME = 1 / 30;

/** All arms of one seed on one time bar, from −α over the baseline to +α. */
export default function ReplayPlayer({ run, scene, replay: recorded }: Props) {
  const { arms } = run;
  const replay = useMemo(() => ({ ...recorded, arms: inOrder(recorded.arms, arms) }), [recorded, arms]);
  const steps = Math.max(...replay.arms.map((arm) => arm.length));
  const player = useMemo(() => new Player(steps, scene.dt ?? WITHOUT_TIME), [steps, scene.dt]);
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
  const [options, setOptions] = useState<StageOptions>({
    layout: "panes",
    follow: moves(scene),
    trails: false,
    paint: "arm",
  });
  const bodies = scene.kind === "bodies";

  const onKey = usePlayback(player);
  const label = `Replay of seed ${String(replay.seed)}: ${replay.arms.map((arm) => arm.name).join(", ")}`;
  const shared = { arms: replay.arms, palette, player, label };

  return (
    <div className={classes.player} onKeyDown={onKey} role="group" aria-label={label}>
      {bodies && (
        <ViewOptions
          options={options}
          canFollow={moves(scene)}
          features={replay.features.length > 0}
          onChange={(patch) => setOptions({ ...options, ...patch })}
        />
      )}
      <div className={classes.screen}>
        <div
          className={classes.labels}
          style={{ gridTemplateColumns: `repeat(${String(replay.arms.length)}, minmax(0, 1fr))` }}
        >
          {replay.arms.map((arm, index) => (
            <div key={arm.name}>
              <ArmName color={palette.arms[index] ?? ""}>{arm.name}</ArmName>
              <small>
                return {num(arm.return, 4)}
                {arm.fell && `, fell at step ${String(arm.length)}`}
              </small>
            </div>
          ))}
        </div>
        {bodies ? (
          <BodiesView {...shared} scene={scene} options={options} />
        ) : (
          <SketchView {...shared} kind={scene.kind} />
        )}
      </div>
      <TimeBar player={player} dt={scene.dt} />
      {scene.restarts && <Branch run={run} replay={replay} player={player} />}
      <Signals scene={scene} replay={replay} palette={palette} player={player} />
      <Fold summary="What every unit of the network does">
        <Activations
          runId={replay.run_id}
          seed={replay.seed}
          arms={replay.arms.map((arm) => arm.name)}
          player={player}
        />
      </Fold>
    </div>
  );
}

/** Its content is fetched and drawn only once it is opened. */
function Fold({ summary, children }: { summary: string; children: ReactNode }) {
  const [opened, setOpened] = useState(false);
  return (
    <details className={classes.exportBox} onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {opened && (
        <Suspense fallback={<Block height={240} label="Opening the activations" />}>{children}</Suspense>
      )}
    </details>
  );
}

const ORDER = ["neg", "base", "ink", "pos"];

function inOrder(shown: ReplayArm[], arms: RunArm[]): ReplayArm[] {
  const rank = new Map(arms.map((arm) => [arm.name, ORDER.indexOf(toneOf(arm))]));
  return [...shown].sort((a, b) => (rank.get(a.name) ?? 0) - (rank.get(b.name) ?? 0));
}

interface ViewProps {
  options: StageOptions;
  canFollow: boolean;
  features: boolean;
  onChange: (patch: Partial<StageOptions>) => void;
}

function ViewOptions({ options, canFollow, features, onChange }: ViewProps) {
  return (
    <div className={classes.options}>
      <SegmentedControl
        size="xs"
        aria-label="Layout"
        value={options.layout}
        onChange={(layout) => onChange({ layout })}
        data={[
          { value: "panes", label: "Side by side" },
          { value: "overlay", label: "In one view" },
        ]}
      />
      <SegmentedControl
        size="xs"
        aria-label="Colour shows"
        value={options.paint}
        onChange={(paint) => onChange({ paint })}
        data={[
          { value: "arm", label: "Arm" },
          { value: "torque", label: "Torque" },
          ...(features ? [{ value: "feature" as const, label: "Feature" }] : []),
        ]}
      />
      {canFollow && (
        <Checkbox
          size="xs"
          label="Camera follows"
          checked={options.follow}
          onChange={(event) => onChange({ follow: event.currentTarget.checked })}
        />
      )}
      <Checkbox
        size="xs"
        label="Trail of the torso"
        checked={options.trails}
        onChange={(event) => onChange({ trails: event.currentTarget.checked })}
      />
    </div>
  );
}
