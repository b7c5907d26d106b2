import { NumberInput } from "@mantine/core";
import { useState } from "react";

import { scanEpisodes, sizeText } from "../study/settings";
import { StudyForm, type FormProps } from "../study/StudyForm";
import { useCommon } from "../study/use-form";

const WINNERS = 5;
const FRESH = 32;
/** Of a wide SAE the features with the greatest effect are proposed: all of them would take days. */
const MANY = 1024;
const PROPOSED = 256;

/** Every alive feature in both signs: what to ask. */
export function ScanForm(props: Omit<FormProps, "feature">) {
  const form = useCommon(props.model, props.envs, 16);
  const all = props.model.sae?.d_latent ?? 0;
  const [first, setFirst] = useState<number | string>(all > MANY ? PROPOSED : "");
  const [dose, setDose] = useState<number | string>(0.05);
  const features = first === "" ? null : Number(first);
  const { measure } = form.common;
  const episodes = scanEpisodes(Math.min(all, features ?? all), form.seeds, WINNERS, FRESH);
  return (
    <StudyForm
      {...props}
      kind="scan"
      form={form}
      lowest={6}
      label="Scan"
      size={`${sizeText(episodes, form.seeds, form.steps, true)} Features in the order of their ablation effect; up to ${WINNERS} winners are tried again on ${FRESH} fresh seeds.`}
      request={
        measure !== null && Number(dose) > 0
          ? {
              ...form.body,
              measure,
              dose: Number(dose),
              features,
              winners: WINNERS,
              confirm_episodes: FRESH,
            }
          : null
      }
    >
      <NumberInput
        label="Only the first"
        placeholder={`all ${all}`}
        min={1}
        max={all}
        value={first}
        onChange={setFirst}
      />
      <NumberInput label="Dose δₐ" min={0.001} max={1} step={0.01} value={dose} onChange={setDose} />
    </StudyForm>
  );
}
