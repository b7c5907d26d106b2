import { NumberInput, Select } from "@mantine/core";

import type { Run } from "@/lib/types";

import type { StartDraft } from "./start";
import classes from "./Runs.module.css";

interface Props {
  start: StartDraft;
  runs: Pick<Run, "id" | "created_at">[];
  onChange: (start: StartDraft) => void;
}

const KINDS = [
  { value: "reset", label: "the environment's reset" },
  { value: "noise", label: "a reset with more noise" },
  { value: "cached", label: "in mid-gait: states of the cached data" },
  { value: "run", label: "states of an earlier run" },
];

/** Where every episode begins; each seed gets a state of its own, the same in every arm. */
export function StartFields({ start, runs, onChange }: Props) {
  const change = (patch: Partial<StartDraft>) => onChange({ ...start, ...patch });
  return (
    <div className={classes.start}>
      <Select
        label="Start from"
        allowDeselect={false}
        data={KINDS.filter(({ value }) => value !== "run" || runs.length > 0)}
        value={start.kind}
        onChange={(kind) =>
          kind !== null && change({ kind: kind as StartDraft["kind"], run: start.run || (runs[0]?.id ?? "") })
        }
      />
      {start.kind === "noise" && (
        <NumberInput
          label="Noise, times the usual"
          min={0}
          max={100}
          step={1}
          value={start.scale}
          onChange={(scale) => change({ scale })}
        />
      )}
      {start.kind === "run" && (
        <>
          <Select
            label="Run"
            allowDeselect={false}
            data={runs.map(({ id, created_at }) => ({
              value: id,
              label: `${id}, ${created_at.slice(0, 16).replace("T", " ")}`,
            }))}
            value={start.run}
            onChange={(run) => run !== null && change({ run })}
          />
          <NumberInput
            label="After so many steps"
            placeholder="any step"
            min={0}
            value={start.step}
            onChange={(step) => change({ step })}
          />
        </>
      )}
    </div>
  );
}
