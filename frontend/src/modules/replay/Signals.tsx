import { Button, Select } from "@mantine/core";
import { useMemo, useState } from "react";

import { plural } from "@/lib/format";
import type { Run, Scene } from "@/lib/types";

import { channelOf, runningSum, type Replay } from "./decode";
import type { Player } from "./player";
import type { Palette } from "./stage";
import { Timeline, type Line } from "./Timeline";
import classes from "./Replay.module.css";

interface Props {
  run: Run;
  scene: Scene;
  replay: Replay;
  palette: Palette;
  player: Player;
}

/** Charts of features at first: a scan or many arms can have steered a hundred. */
const FEW = 6;

/** Positions of the recorded features, those that an arm on show steers first. */
export function inOrder(run: Pick<Run, "arms">, replay: Pick<Replay, "features" | "arms">): number[] {
  const shown = new Set(replay.arms.map(({ name }) => name));
  const edits = run.arms.filter(({ name }) => shown.has(name)).flatMap((arm) => arm.edits);
  const steered = new Set(edits.flatMap(({ feature_idx, other_idx }) => [feature_idx, other_idx]));
  const places = replay.features.map((_, place) => place);
  const first = (place: number) => (steered.has(replay.features[place]) ? 0 : 1);
  return places.sort((a, b) => first(a) - first(b) || a - b);
}

const named = (name: string) => ({ title: name, name });

/** The numbers behind what is seen: steered features, return so far, one chosen action, floor contacts. */
export function Signals({ run, scene, replay, palette, player }: Props) {
  const [action, setAction] = useState("0");
  const order = useMemo(() => inOrder(run, replay), [run, replay]);
  const lines = useMemo(() => {
    const each = (values: (index: number) => Float32Array): Line[] =>
      replay.arms.map((arm, index) => ({
        name: arm.name,
        color: palette.arms[index] ?? "",
        ink: palette.inks[index] ?? "",
        values: values(index),
      }));
    const signal = (name: string, channel: number) =>
      each((index) => channelOf(replay.arms[index]?.signals[name], channel));
    return {
      features: replay.features.map((feature, channel) => ({ feature, lines: signal("features", channel) })),
      sofar: each((index) => runningSum(channelOf(replay.arms[index]?.signals.rewards, 0))),
      action: signal("actions", Number(action)),
      contacts: scene.legs.map((leg, channel) => ({ leg, lines: signal("contacts", channel) })),
    };
  }, [scene, replay, palette, action]);
  const discrete = (replay.arms[0]?.signals.actions?.channels ?? 0) < scene.actions.length;

  return (
    <div className={classes.signals}>
      <FeatureLines order={order} lines={lines.features} player={player} />
      <Timeline {...named("Return so far")} lines={lines.sofar} player={player} />
      <Timeline
        name={`Action ${discrete ? "chosen" : (scene.actions[Number(action)] ?? action)}`}
        title={
          scene.actions.length === 1 || discrete ? (
            `Action${discrete ? " chosen" : `: ${scene.actions[0] ?? ""}`}`
          ) : (
            <Select
              size="xs"
              w={240}
              aria-label="Action on show"
              allowDeselect={false}
              value={action}
              onChange={(value) => value !== null && setAction(value)}
              data={scene.actions.map((name, index) => ({ value: String(index), label: name }))}
            />
          )
        }
        lines={lines.action}
        player={player}
      />
      {replay.arms[0]?.signals.contacts && (
        <div className={classes.contacts}>
          {lines.contacts.map(({ leg, lines: shown }) => (
            <Timeline key={leg} {...named(`Floor contact, ${leg}`)} lines={shown} player={player} bars />
          ))}
        </div>
      )}
    </div>
  );
}

interface FeatureLinesProps {
  order: readonly number[];
  lines: readonly { feature: number; lines: Line[] }[];
  player: Player;
}

function FeatureLines({ order, lines, player }: FeatureLinesProps) {
  const [all, setAll] = useState(false);
  const shown = (all ? order : order.slice(0, FEW)).map((place) => lines[place]);
  return (
    <>
      {shown.map(
        (one) =>
          one && (
            <Timeline
              key={one.feature}
              {...named(`Feature ${String(one.feature)}, activation before the edit`)}
              lines={one.lines}
              player={player}
            />
          ),
      )}
      {order.length > FEW && (
        <Button size="compact-sm" variant="default" className={classes.more} onClick={() => setAll(!all)}>
          {all ? "Only the first ones" : `${plural(order.length - FEW, "more feature")} of this run`}
        </Button>
      )}
    </>
  );
}
