import { NumberInput, SegmentedControl, Select } from "@mantine/core";

import { Explain } from "@/ui/Explain";

import { isPeriodic, type ScheduleDraft } from "./draft";
import classes from "./Editor.module.css";

interface Props {
  /** The environment has physical time. */
  seconds: boolean;
  schedule: ScheduleDraft;
  onChange: (schedule: ScheduleDraft) => void;
}

const SHAPES = [
  { value: "constant", label: "at full strength" },
  { value: "ramp", label: "ramp" },
  { value: "pulse", label: "pulse" },
  { value: "sine", label: "sine" },
];

const BY_HAND = { value: "table", label: "as moved by hand" };

/** How the strength changes over time, and in which window. */
export function ScheduleFields({ seconds, schedule, onChange }: Props) {
  const change = (patch: Partial<ScheduleDraft>) => onChange({ ...schedule, ...patch });
  const { shape, unit } = schedule;
  const time = unit === "seconds" ? { suffix: " s", step: 0.1 } : { step: 10, allowDecimal: false };
  return (
    <div className={classes.part}>
      <div className={classes.pair}>
        <Select
          label="Over time"
          size="xs"
          allowDeselect={false}
          data={schedule.values ? [...SHAPES, BY_HAND] : SHAPES}
          value={shape}
          onChange={(next) => next !== null && change({ shape: next as ScheduleDraft["shape"] })}
        />
        {isPeriodic(shape) && (
          <NumberInput
            label="Period"
            size="xs"
            min={0}
            {...time}
            value={schedule.period}
            onChange={(period) => change({ period })}
          />
        )}
        {shape === "pulse" && (
          <NumberInput
            label="Share on"
            size="xs"
            min={0}
            max={1}
            step={0.05}
            value={schedule.duty}
            onChange={(duty) => change({ duty })}
          />
        )}
        {shape !== "constant" && shape !== "table" && (
          <span className={classes.hint}>
            {shape} <Explain term={shape} />
          </span>
        )}
      </div>
      <div className={classes.window}>
        <NumberInput
          label="From"
          size="xs"
          min={0}
          placeholder="the start"
          {...time}
          value={schedule.start}
          onChange={(start) => change({ start })}
        />
        <NumberInput
          label="Until"
          size="xs"
          min={0}
          placeholder="the end"
          {...time}
          value={schedule.stop}
          onChange={(stop) => change({ stop })}
        />
        {seconds && (
          <SegmentedControl
            size="xs"
            aria-label="Unit of time"
            value={unit}
            onChange={(next) => change({ unit: next })}
            data={[
              { value: "steps", label: "steps" },
              { value: "seconds", label: "s" },
            ]}
          />
        )}
      </div>
    </div>
  );
}
