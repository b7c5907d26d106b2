import { Checkbox, SegmentedControl } from "@mantine/core";

import type { WatchView } from "@/lib/watch-view";

import type { ReplayArm } from "./decode";
import type { StageOptions } from "./stage";
import classes from "./Replay.module.css";

interface ViewProps {
  options: StageOptions;
  canFollow: boolean;
  features: boolean;
  onChange: (patch: WatchView) => void;
}

export function ViewOptions({ options, canFollow, features, onChange }: ViewProps) {
  return (
    <>
      <SegmentedControl
        size="xs"
        aria-label="Layout"
        value={options.layout}
        onChange={(layout) => onChange({ layout: layout === "overlay" ? layout : undefined })}
        data={[
          { value: "panes", label: "Side by side" },
          { value: "overlay", label: "In one view" },
        ]}
      />
      <SegmentedControl
        size="xs"
        aria-label="Colour shows"
        value={options.paint}
        onChange={(paint) => onChange({ paint: paint === "arm" ? undefined : paint })}
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
          onChange={(event) => onChange({ camera: event.currentTarget.checked ? undefined : "still" })}
        />
      )}
      <Checkbox
        size="xs"
        label="Trail of the torso"
        checked={options.trails}
        onChange={(event) => onChange({ trails: event.currentTarget.checked || undefined })}
      />
    </>
  );
}

interface ArmProps {
  all: ReplayArm[];
  shown: ReplayArm[];
  /** Undefined: all of them. */
  onChange: (names: string[] | undefined) => void;
}

/** Which arms are watched; the last one stays. */
export function ArmChoice({ all, shown, onChange }: ArmProps) {
  const isShown = (name: string) => shown.some((arm) => arm.name === name);
  const toggle = (name: string) => {
    const names = all.map((arm) => arm.name).filter((each) => isShown(each) !== (each === name));
    onChange(names.length === all.length ? undefined : names);
  };
  return (
    <fieldset className={classes.arms}>
      <legend>Arms</legend>
      {all.map(({ name }) => (
        <Checkbox
          key={name}
          size="xs"
          label={name}
          checked={isShown(name)}
          disabled={shown.length === 1 && isShown(name)}
          onChange={() => toggle(name)}
        />
      ))}
    </fieldset>
  );
}
