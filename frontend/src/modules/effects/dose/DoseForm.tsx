import { NumberInput, TextInput } from "@mantine/core";

import {
  doseResponseEpisodes,
  NO_FEATURE,
  parseSizes,
  proposed,
  SIZES,
  sizeText,
  type Common,
} from "../study/settings";
import { FeatureField } from "../study/StudyFields";
import { StudyForm, type FormProps } from "../study/StudyForm";
import { useStudyFields } from "../study/use-form";
import classes from "../Effects.module.css";

interface Fields extends Common {
  /** Typed while the page was on feature `of`; another page's feature counts again. */
  feature: number | string | null;
  of: number | null;
  sizes: string;
  random: number | string;
}

const DEFAULTS: Fields = { ...proposed(16), feature: null, of: null, sizes: SIZES.join(", "), random: 20 };

/** One feature at many doses: what to ask. */
export function DoseForm({ feature, ...props }: FormProps) {
  const form = useStudyFields(props.model, props.envs, "dose_response", DEFAULTS);
  const { typed, change } = form;
  const { sizes, random } = typed;
  const of = feature ?? null;
  const doses = parseSizes(sizes);
  const chosen = (typed.of === of ? typed.feature : null) ?? feature ?? "";
  const { measure } = form.common;
  const ready = doses !== null && chosen !== "" && measure !== null;
  const episodes = doseResponseEpisodes(doses?.length ?? 0, Number(random), form.seeds);
  return (
    <StudyForm
      {...props}
      kind="dose_response"
      form={form}
      lowest={1}
      label="Measure the dose-response"
      size={`${chosen === "" ? NO_FEATURE : ""}${sizeText(episodes, form.seeds, form.steps)}`}
      request={
        ready
          ? { ...form.body, measure, feature_idx: Number(chosen), doses, random_directions: Number(random) }
          : null
      }
      lead={
        <FeatureField model={props.model} value={chosen} onChange={(next) => change({ feature: next, of })} />
      }
    >
      <TextInput
        className={classes.double}
        label="Doses δₐ, both signs"
        value={sizes}
        onChange={(event) => change({ sizes: event.currentTarget.value })}
        error={doses === null ? "Up to 12 sizes between 0 and 1, separated by commas." : undefined}
      />
      <NumberInput
        label="Random directions"
        min={0}
        max={100}
        value={random}
        onChange={(next) => change({ random: next })}
      />
    </StudyForm>
  );
}
