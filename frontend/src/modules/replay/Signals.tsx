import { Select } from "@mantine/core";
import { useMemo, useState } from "react";

import type { Scene } from "@/lib/types";

import { channelOf, runningSum, type Replay } from "./decode";
import type { Player } from "./player";
import type { Palette } from "./stage";
import { Timeline, type Line } from "./Timeline";
import classes from "./Replay.module.css";

interface Props {
  scene: Scene;
  replay: Replay;
  palette: Palette;
  player: Player;
}

const named = (name: string) => ({ title: name, name });

/** The numbers behind what is seen: steered features, return so far, one chosen action, floor contacts. */
export function Signals({ scene, replay, palette, player }: Props) {
  const [action, setAction] = useState("0");
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
      {lines.features.map(({ feature, lines: shown }) => (
        <Timeline
          key={feature}
          {...named(`Feature ${String(feature)}, activation before the edit`)}
          lines={shown}
          player={player}
        />
      ))}
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
