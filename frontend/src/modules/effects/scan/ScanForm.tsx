import { NumberInput } from "@mantine/core";

import { proposed, scanEpisodes, sizeText, type Common } from "../study/settings";
import { StudyForm, type FormProps } from "../study/StudyForm";
import { useStudyFields } from "../study/use-form";

const WINNERS = 5;
const FRESH = 32;
/** Of a wide SAE the features with the greatest effect are proposed: all of them would take days. */
const MANY = 1024;
const PROPOSED = 256;

interface Fields extends Common {
  first: number | string;
  dose: number | string;
}

/** Every alive feature in both signs: what to ask. */
export function ScanForm(props: Omit<FormProps, "feature">) {
  const all = props.model.sae?.d_latent ?? 0;
  const form = useStudyFields<Fields>(props.model, props.envs, "scan", {
    ...proposed(16),
    first: all > MANY ? PROPOSED : "",
    dose: 0.05,
  });
  const { first, dose } = form.typed;
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
        onChange={(next) => form.change({ first: next })}
      />
      <NumberInput
        label="Dose δₐ"
        min={0.001}
        max={1}
        step={0.01}
        value={dose}
        onChange={(next) => form.change({ dose: next })}
      />
    </StudyForm>
  );
}
