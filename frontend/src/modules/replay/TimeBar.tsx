import { ActionIcon, SegmentedControl, Slider } from "@mantine/core";

import { signed } from "@/lib/format";
import { Icon } from "@/ui/Icon";

import { SPEEDS, usePlayer, type Player } from "./player";
import classes from "./Replay.module.css";

interface Props {
  player: Player;
  /** Seconds per step, null without physical time. */
  dt: number | null;
  /** In a clip: the step it is about, from which time is counted. Speed and loop are then as they are. */
  around?: number;
}

/** Play, step by step, speed, loop; the same bar drives bodies and charts. */
export function TimeBar({ player, dt, around }: Props) {
  const { step, playing } = usePlayer(player);
  return (
    <div className={classes.bar}>
      <div className={classes.buttons}>
        <ActionIcon variant="default" size="md" aria-label="One step back" onClick={() => player.nudge(-1)}>
          <Icon name="stepBack" />
        </ActionIcon>
        <ActionIcon
          variant="filled"
          size="lg"
          aria-label={playing ? "Pause" : "Play"}
          aria-keyshortcuts="Space"
          onClick={() => player.toggle()}
        >
          <Icon name={playing ? "pause" : "play"} size={18} />
        </ActionIcon>
        <ActionIcon variant="default" size="md" aria-label="One step on" onClick={() => player.nudge(1)}>
          <Icon name="stepOn" />
        </ActionIcon>
      </div>
      <Slider
        className={classes.slider}
        thumbLabel="Step"
        label={null}
        min={0}
        max={player.last}
        value={step}
        marks={around === undefined ? undefined : [{ value: around }]}
        onChange={(value) => {
          player.pause();
          player.seek(value);
        }}
      />
      <output className={classes.clock} data-short={around !== undefined}>
        {around === undefined ? (
          <>
            step {step} of {player.last}
            {dt !== null && ` · ${(step * dt).toFixed(2)}\u00a0s`}
          </>
        ) : dt === null ? (
          `${signed(step - around, 0)} steps`
        ) : (
          `${signed((step - around) * dt, 2)}\u00a0s`
        )}
      </output>
      {around === undefined && <Pace player={player} />}
    </div>
  );
}

function Pace({ player }: { player: Player }) {
  const { speed, loop } = usePlayer(player);
  return (
    <>
      <SegmentedControl
        size="xs"
        aria-label="Speed"
        value={String(speed)}
        onChange={(value) => player.setSpeed(Number(value))}
        data={SPEEDS.map((each) => ({ value: String(each), label: `${String(each)}×` }))}
      />
      <ActionIcon
        variant={loop ? "light" : "default"}
        size="md"
        aria-label="Loop"
        aria-pressed={loop}
        onClick={() => player.setLoop(!loop)}
      >
        <Icon name="loop" />
      </ActionIcon>
    </>
  );
}
