import { NumberInput, Select } from "@mantine/core";

import { ago, percent } from "@/lib/format";
import type { TrainView } from "@/lib/train-view";

import { changed, clean, DEFAULTS, SHARES } from "./form";
import { Whole, type FormProps } from "./TrainForm";
import classes from "./Training.module.css";

const KINDS = [
  {
    share: "noisy_share",
    label: "With action noise",
    scale: "noise_scale",
    unit: "of half the range",
    usual: 0.15,
  },
  {
    share: "pushed_share",
    label: "With a push",
    scale: "push_scale",
    unit: "spreads of each velocity",
    usual: 0.3,
  },
  {
    share: "reset_share",
    label: "With a wider reset",
    scale: "reset_scale",
    unit: "times as wide",
    usual: 10,
  },
] as const;

/** Of which episodes the data are made, in shares that must fit into one. */
export function DataFields({ form, onForm, sweeps, env }: FormProps) {
  const left = clean(form);
  return (
    <fieldset className={classes.fields}>
      <legend>
        Data
        <small>
          {left < 0
            ? ` the shares make ${percent(1 - left, 0)}; at most 100\u00a0% can be disturbed`
            : ` ${percent(left, 0)} of the episodes are the policy left alone; split 80/10/10 by episode`}
        </small>
      </legend>
      <Earlier form={form} onForm={onForm} sweeps={sweeps.filter((each) => each.env === env)} />
      <Whole
        label={form.data_from === undefined ? "Episodes" : "Episodes to add"}
        name="num_traj"
        fallback={DEFAULTS.num_traj}
        least={form.data_from === undefined ? 3 : 0}
        form={form}
        onForm={onForm}
      />
      <Whole
        label="Longest episode"
        name="max_timesteps"
        fallback={undefined}
        hint="its own"
        least={2}
        form={form}
        onForm={onForm}
      />
      {KINDS.map((kind) => (
        <Kind key={kind.share} kind={kind} form={form} onForm={onForm} wrong={left < 0} />
      ))}
      <Whole
        label="Episodes of the gate"
        name="eval_episodes"
        fallback={DEFAULTS.eval_episodes}
        least={2}
        form={form}
        onForm={onForm}
      />
      <Whole
        label="Samples kept"
        name="cache_samples"
        fallback={DEFAULTS.cache_samples}
        least={64}
        form={form}
        onForm={onForm}
      />
    </fieldset>
  );
}

/** Episodes of an earlier sweep come first; at any tap they need not be collected again. */
function Earlier({ form, onForm, sweeps }: Pick<FormProps, "form" | "onForm" | "sweeps">) {
  return (
    <Select
      label="Add to the episodes of"
      className={classes.double}
      placeholder={sweeps.length > 0 ? "none: collect anew" : "no earlier sweep here"}
      data={sweeps.map((each) => ({
        value: each.sweep_id,
        label: `sweep of tap ${each.tap_index}, ${ago(each.created_at)}`,
      }))}
      value={form.data_from ?? null}
      clearable
      disabled={sweeps.length === 0 && form.data_from === undefined}
      onChange={(value) => onForm(changed(form, "data_from", value ?? undefined))}
    />
  );
}

interface KindProps {
  kind: (typeof KINDS)[number];
  form: TrainView;
  onForm: (form: TrainView) => void;
  wrong: boolean;
}

function Kind({ kind, form, onForm, wrong }: KindProps) {
  const share = form[kind.share] ?? SHARES[kind.share];
  return (
    <div className={classes.kind}>
      <NumberInput
        label={kind.label}
        suffix=" %"
        min={0}
        max={100}
        step={5}
        value={Math.round(share * 1000) / 10}
        error={wrong && share > 0}
        onChange={(value) => {
          const next = typeof value === "number" ? value / 100 : undefined;
          onForm(changed(form, kind.share, next === SHARES[kind.share] ? undefined : next));
        }}
      />
      <NumberInput
        aria-label={`${kind.label}: how strong, ${kind.unit}`}
        title={kind.unit}
        min={0.01}
        step={kind.usual >= 1 ? 1 : 0.05}
        decimalScale={2}
        disabled={share === 0}
        value={form[kind.scale] ?? kind.usual}
        onChange={(value) => onForm(changed(form, kind.scale, typeof value === "number" ? value : undefined))}
      />
      <small>{kind.unit}</small>
    </div>
  );
}
