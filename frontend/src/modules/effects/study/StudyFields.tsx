import { NumberInput, Select } from "@mantine/core";

import type { EnvInfo, Measure, Model } from "@/lib/types";
import { EnvSelect } from "@/modules/runs/EnvSelect";
import { findEnv } from "@/modules/runs/use-env-info";

import type { Common } from "./settings";
import classes from "../Effects.module.css";

interface FieldsProps {
  model: Model;
  envs: EnvInfo[];
  value: Common;
  onChange: (patch: Partial<Common>) => void;
  lowest: number;
}

/** Environment, seeds and length: the same everywhere. */
export function RunFields({ model, envs, value, onChange, lowest }: FieldsProps) {
  const limit = findEnv(envs, value.env)?.max_episode_steps;
  return (
    <>
      <div className={classes.below}>
        <EnvSelect
          model={model}
          envs={envs}
          value={value.env}
          onChange={(env) => onChange({ env, steps: null, measure: null })}
        />
      </div>
      <NumberInput
        label="Seeds"
        min={lowest}
        max={200}
        value={value.episodes}
        onChange={(episodes) => onChange({ episodes })}
      />
      <NumberInput
        label="Max steps"
        min={1}
        max={limit ?? 100_000}
        step={50}
        value={value.steps ?? limit ?? ""}
        onChange={(steps) => onChange({ steps })}
      />
      <NumberInput label="First seed" min={0} value={value.seed} onChange={(seed) => onChange({ seed })} />
    </>
  );
}

interface MeasureProps {
  measures: Measure[];
  value: string | null;
  onChange: (key: string) => void;
}

/** Behaviour measures with their unit and formula. */
export function MeasureSelect({ measures, value, onChange }: MeasureProps) {
  const byKey = new Map(measures.map((measure) => [measure.key, measure]));
  return (
    <Select
      className={classes.double}
      label="Measure"
      searchable
      allowDeselect={false}
      maxDropdownHeight={340}
      data={measures.map(({ key, title }) => ({ value: key, label: title }))}
      value={value}
      onChange={(key) => key !== null && onChange(key)}
      renderOption={({ option }) => {
        const measure = byKey.get(option.value);
        return (
          <span className={classes.option}>
            {option.label}
            <small>
              {measure?.formula}
              {measure?.unit && ` (${measure.unit})`}
            </small>
          </span>
        );
      }}
    />
  );
}

interface FeatureProps {
  model: Model;
  value: number | string;
  onChange: (value: number | string) => void;
}

export function FeatureField({ model, value, onChange }: FeatureProps) {
  return (
    <NumberInput
      label="Feature"
      min={0}
      max={(model.sae?.d_latent ?? 1) - 1}
      allowDecimal={false}
      value={value}
      onChange={onChange}
    />
  );
}
