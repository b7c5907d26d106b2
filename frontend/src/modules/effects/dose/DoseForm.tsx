import { NumberInput, TextInput } from "@mantine/core";
import { useState } from "react";

import { doseResponseEpisodes, parseSizes, SIZES, sizeText } from "../study/settings";
import { FeatureField } from "../study/StudyFields";
import { StudyForm, type FormProps } from "../study/StudyForm";
import { useCommon } from "../study/use-form";
import classes from "../Effects.module.css";

/** One feature at many doses: what to ask. */
export function DoseForm({ feature, ...props }: FormProps) {
  const form = useCommon(props.model, props.envs, 16);
  const [typed, setTyped] = useState<number | string | null>(null);
  const [sizes, setSizes] = useState(SIZES.join(", "));
  const [random, setRandom] = useState<number | string>(20);
  const doses = parseSizes(sizes);
  const chosen = typed ?? feature ?? "";
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
      size={sizeText(episodes, form.seeds, form.steps)}
      request={
        ready
          ? { ...form.body, measure, feature_idx: Number(chosen), doses, random_directions: Number(random) }
          : null
      }
      lead={<FeatureField model={props.model} value={chosen} onChange={setTyped} />}
    >
      <TextInput
        className={classes.double}
        label="Doses δₐ, both signs"
        value={sizes}
        onChange={(event) => setSizes(event.currentTarget.value)}
        error={doses === null ? "Up to 12 sizes between 0 and 1, separated by commas." : undefined}
      />
      <NumberInput label="Random directions" min={0} max={100} value={random} onChange={setRandom} />
    </StudyForm>
  );
}
