import { NumberInput } from "@mantine/core";
import { useState } from "react";

import type { EnvInfo, Model } from "@/lib/types";

import { useStartStudy } from "../api";
import { scanEpisodes, sizeText } from "../study/settings";
import { StartRow } from "../study/StartRow";
import { MeasureSelect, RunFields } from "../study/StudyFields";
import { useCommon } from "../study/use-form";
import classes from "../Effects.module.css";

interface Props {
  model: Model;
  envs: EnvInfo[];
  onStarted: (runId: string) => void;
}

const WINNERS = 5;
const FRESH = 32;

/** Every alive feature in both signs: what to ask. */
export function ScanForm({ model, envs, onStarted }: Props) {
  const start = useStartStudy("scan", model.id);
  const form = useCommon(model, envs, 16);
  const all = model.sae?.d_latent ?? 0;
  const [first, setFirst] = useState<number | string>("");
  const [dose, setDose] = useState<number | string>(0.05);
  const seeds = Number(form.common.episodes);
  const features = first === "" ? all : Math.min(all, Number(first));
  const submit = (again = false) => {
    if (form.common.measure === null) return;
    start.mutate(
      {
        ...form.body,
        measure: form.common.measure,
        dose: Number(dose),
        features: first === "" ? null : Number(first),
        winners: WINNERS,
        confirm_episodes: FRESH,
        again,
      },
      { onSuccess: (accepted) => onStarted(accepted.run_id) },
    );
  };
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className={classes.fields}>
        <MeasureSelect
          measures={form.measures.data?.measures ?? []}
          value={form.common.measure}
          onChange={(measure) => form.change({ measure })}
        />
        <NumberInput
          label="Only the first"
          placeholder={`all ${all}`}
          min={1}
          max={all}
          value={first}
          onChange={setFirst}
        />
        <NumberInput label="Dose δₐ" min={0.001} max={1} step={0.01} value={dose} onChange={setDose} />
        <RunFields model={model} envs={envs} value={form.common} onChange={form.change} lowest={6} />
      </div>
      <StartRow
        label="Scan"
        size={`${sizeText(scanEpisodes(features, seeds, WINNERS, FRESH), seeds, form.steps, true)} Features in the order of their ablation effect; up to ${WINNERS} winners are tried again on ${FRESH} fresh seeds.`}
        disabled={form.common.measure === null || !(seeds >= 6) || !(Number(dose) > 0)}
        pending={start.isPending}
        error={start.error}
        accepted={start.data}
        onRetry={() => submit()}
        onAgain={() => submit(true)}
      />
    </form>
  );
}
