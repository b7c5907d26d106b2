import { Button, MultiSelect, NumberInput, TextInput } from "@mantine/core";
import { useState } from "react";

import type { TrainView } from "@/lib/train-view";
import type { EnvInfo, Model, SweepPlan, SweepSummary } from "@/lib/types";
import { EnvSelect } from "@/modules/runs/EnvSelect";

import { DataFields } from "./DataFields";
import { changed, DEFAULTS, parseList, transcodes, VARIANTS } from "./form";
import classes from "./Training.module.css";

export interface FormProps {
  model: Model;
  envs: EnvInfo[];
  sweeps: SweepSummary[];
  form: TrainView;
  onForm: (form: TrainView) => void;
  env: string | null;
  tap: number;
  plan: SweepPlan | undefined;
}

interface Props extends FormProps {
  ready: boolean;
  pending: boolean;
  onStart: () => void;
}

/** What to train. Left empty, the width of the tap decides, and the plan shows what it decided. */
export function TrainForm(props: Props) {
  const { plan } = props;
  const cells = plan?.cells.length ?? 0;
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        props.onStart();
      }}
    >
      <GridFields {...props} />
      <DataFields {...props} />
      <div className={classes.start}>
        <Button type="submit" disabled={!props.ready} loading={props.pending}>
          {plan?.done
            ? "Open the finished sweep"
            : cells === 1
              ? "Train the SAE"
              : `Train ${cells || ""} SAEs`}
        </Button>
      </div>
    </form>
  );
}

function GridFields({ model, envs, form, onForm, env, tap, plan }: FormProps) {
  const set = <K extends keyof TrainView>(name: K, value: TrainView[K]) => onForm(changed(form, name, value));
  return (
    <fieldset className={classes.fields}>
      <legend>SAEs</legend>
      <div className={classes.double}>
        <EnvSelect model={model} envs={envs} value={env} onChange={(value) => set("env", value)} />
      </div>
      <Whole label="Tap" name="tap_index" fallback={tap} least={0} form={form} onForm={onForm} />
      {transcodes(form) && (
        <Whole
          label="Tap written"
          name="output_tap"
          fallback={undefined}
          hint="a later tap"
          form={form}
          onForm={onForm}
        />
      )}
      <MultiSelect
        label="Variants"
        className={classes.double}
        data={VARIANTS}
        value={form.variant ?? ["topk"]}
        onChange={(value) => set("variant", value.length > 0 ? value : undefined)}
      />
      <ListInput
        label="k, one or several"
        value={form.topk}
        shown={plan?.topk}
        onChange={(v) => set("topk", v)}
      />
      <ListInput
        label="Latents"
        value={form.d_latent}
        shown={plan?.d_latent}
        onChange={(v) => set("d_latent", v)}
      />
      <Whole
        label="Seeds of each"
        name="seeds_of_each"
        fallback={DEFAULTS.seeds_of_each}
        form={form}
        onForm={onForm}
      />
      <Whole label="Steps" name="steps" fallback={plan?.steps} form={form} onForm={onForm} />
      <Whole label="Batch" name="batch" fallback={plan?.batch} least={2} form={form} onForm={onForm} />
      <NumberInput
        label="Learning rate"
        min={0}
        max={0.999}
        step={0.001}
        placeholder="by latents"
        value={form.lr ?? ""}
        onChange={(value) => set("lr", typeof value === "number" && value > 0 ? value : undefined)}
      />
      <Whole label="First seed" name="seed" fallback={DEFAULTS.seed} least={0} form={form} onForm={onForm} />
    </fieldset>
  );
}

type WholeName =
  | "tap_index"
  | "output_tap"
  | "seeds_of_each"
  | "steps"
  | "batch"
  | "seed"
  | "num_traj"
  | "max_timesteps"
  | "eval_episodes"
  | "cache_samples";

interface WholeProps {
  label: string;
  name: WholeName;
  fallback: number | undefined;
  hint?: string;
  least?: number;
  form: TrainView;
  onForm: (form: TrainView) => void;
}

/** A whole number whose default is shown and not sent. */
export function Whole({ label, name, fallback, hint = "by width", least = 1, form, onForm }: WholeProps) {
  return (
    <NumberInput
      label={label}
      min={least}
      allowDecimal={false}
      thousandSeparator=","
      placeholder={fallback === undefined ? hint : undefined}
      value={form[name] ?? fallback ?? ""}
      onChange={(value) => onForm(changed(form, name, typeof value === "number" ? value : undefined))}
    />
  );
}

interface ListProps {
  label: string;
  value: number[] | undefined;
  shown: number[] | undefined;
  onChange: (value: number[] | undefined) => void;
}

/** Numbers with commas; empty means that the width of the tap decides. */
function ListInput({ label, value, shown, onChange }: ListProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? value?.join(", ") ?? "";
  const wrong = parseList(text) === null;
  return (
    <TextInput
      label={label}
      placeholder={shown ? `${shown.join(", ")} by width` : "by width"}
      value={text}
      error={wrong && "Whole numbers with commas, such as 4, 8, 16"}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        const found = parseList(event.currentTarget.value);
        if (found !== null) onChange(found);
      }}
      onBlur={() => !wrong && setTyped(null)}
    />
  );
}
