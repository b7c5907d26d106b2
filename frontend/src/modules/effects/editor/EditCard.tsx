import { Button, NumberInput, SegmentedControl } from "@mantine/core";

import type { EnvInfo, Model } from "@/lib/types";

import { useDose } from "../api";
import { FeatureField } from "../study/StudyFields";
import { bareRequest, inUnit, missing, OPS, UNITS, type Draft, type Op, type Unit } from "./draft";
import { GateFields } from "./GateFields";
import { ScheduleFields } from "./ScheduleFields";
import classes from "./Editor.module.css";

interface Props {
  model: Model;
  env: EnvInfo | undefined;
  draft: Draft;
  position: number;
  onChange: (draft: Draft) => void;
  onRemove: (() => void) | undefined;
}

/** One edit: which feature, what is done to it, when, and how it changes over time. */
export function EditCard({ model, env, draft, position, onChange, onRemove }: Props) {
  const change = (patch: Partial<Draft>) => onChange({ ...draft, ...patch });
  const needs = OPS.find((each) => each.value === draft.op)?.needs ?? null;
  const onOp = (op: Op) => {
    const start = OPS.find((each) => each.value === op)?.start ?? 0;
    change({ op, value: start, unit: "action_displacement" });
  };
  return (
    <fieldset className={classes.card}>
      <legend>Edit {position}</legend>
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={`What edit ${position} does`}
        value={draft.op}
        onChange={onOp}
        data={OPS.map(({ value, label }) => ({ value, label }))}
      />
      <div className={classes.pair}>
        <FeatureField model={model} value={draft.feature} onChange={(feature) => change({ feature })} />
        {draft.op === "swap" && (
          <NumberInput
            label="With feature"
            min={0}
            max={(model.sae?.d_latent ?? 1) - 1}
            value={draft.other}
            onChange={(other) => change({ other })}
          />
        )}
        {needs && (
          <NumberInput label={needs} step={0.1} value={draft.value} onChange={(value) => change({ value })} />
        )}
      </div>
      {draft.op === "add" && <DoseField model={model} draft={draft} onChange={change} />}
      <GateFields model={model} env={env} gate={draft.gate} onChange={(gate) => change({ gate })} />
      <ScheduleFields
        seconds={env?.dt !== null && env?.dt !== undefined}
        schedule={draft.schedule}
        onChange={(schedule) => change({ schedule })}
      />
      {onRemove && (
        <Button size="compact-xs" variant="subtle" onClick={onRemove} aria-label={`Drop edit ${position}`}>
          Drop this edit
        </Button>
      )}
    </fieldset>
  );
}

interface DoseFieldProps {
  model: Model;
  draft: Draft;
  onChange: (patch: Partial<Draft>) => void;
}

/** The amount of an addition; another unit keeps the dose and changes the number. */
function DoseField({ model, draft, onChange }: DoseFieldProps) {
  const { data } = useDose(model.id, [bareRequest(draft)], missing(draft) === null);
  const unit = UNITS.find((each) => each.value === draft.unit);
  const onUnit = (next: Unit) => {
    const converted = inUnit(data?.dose, next, Number(draft.value) < 0);
    onChange({ unit: next, ...(converted === null ? {} : { value: converted }) });
  };
  return (
    <div className={classes.dose}>
      <NumberInput
        label="Dose"
        step={unit?.step ?? 0.1}
        decimalScale={5}
        value={draft.value}
        onChange={(value) => onChange({ value })}
      />
      <SegmentedControl
        size="xs"
        aria-label="Unit of the dose"
        value={draft.unit}
        onChange={onUnit}
        data={UNITS.map(({ value, label }) => ({ value, label }))}
      />
    </div>
  );
}
