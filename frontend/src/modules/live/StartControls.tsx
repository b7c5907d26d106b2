import { ActionIcon, Checkbox, NumberInput, SegmentedControl } from "@mantine/core";

import { Icon } from "@/ui/Icon";
import { Panel } from "@/ui/Panel";

import type { Drag } from "./LiveStage";
import { BrowserSession } from "./browser-session";
import type { Session, Shown } from "./session";
import type { StartState } from "./use-start";
import classes from "./Live.module.css";

interface Props {
  start: StartState;
  shown: Shown;
  session: Session;
  drag: Drag;
  onDrag: (drag: Drag) => void;
}

const SPEEDS = ["0.25", "0.5", "1", "2"];

export function StartControls({ start, shown, session, drag, onDrag }: Props) {
  return (
    <Panel id="live-start" title="Start">
      <div className={classes.stack}>
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label="Where the episode begins"
          value={start.kind}
          onChange={(kind) => start.load(kind, start.seed)}
          data={[
            { value: "reset", label: "at the reset" },
            { value: "cached", label: "mid-gait", disabled: !session.midGait },
          ]}
        />
        <div className={classes.row}>
          <NumberInput
            label="Seed"
            size="xs"
            w={96}
            min={0}
            allowDecimal={false}
            value={start.seed}
            onChange={(seed) => typeof seed === "number" && start.load(start.kind, seed)}
          />
          <ActionIcon
            variant="default"
            size={30}
            title="From the same start again"
            aria-label="From the same start again"
            disabled={!shown.start}
            onClick={() => start.load(start.kind, start.seed)}
          >
            <Icon name="loop" />
          </ActionIcon>
          <ActionIcon
            variant="default"
            size={30}
            title="The next start"
            aria-label="The next start"
            onClick={() => start.load(start.kind, start.seed + 1)}
          >
            <Icon name="stepOn" />
          </ActionIcon>
        </div>
        <Checkbox
          size="xs"
          label="Go on with the next start by itself"
          checked={start.goOn}
          onChange={(event) => start.setGoOn(event.currentTarget.checked)}
        />
        <div className={classes.field}>
          <span>Speed</span>
          <SegmentedControl
            size="xs"
            aria-label="Speed"
            value={String(shown.speed)}
            onChange={(speed) => session.setSpeed(Number(speed))}
            data={SPEEDS.map((value) => ({ value, label: `${value}×` }))}
          />
        </div>
        {session instanceof BrowserSession ? (
          <div className={classes.field}>
            <span>Dragging</span>
            <SegmentedControl
              size="xs"
              aria-label="Dragging"
              value={drag}
              onChange={(next) => onDrag(next)}
              data={[
                { value: "turn", label: "turns the view" },
                { value: "shove", label: "shoves" },
              ]}
            />
          </div>
        ) : (
          <p className={classes.hint}>
            Shoves and the preview of the dose-response need the simulator in the browser.
          </p>
        )}
      </div>
    </Panel>
  );
}
