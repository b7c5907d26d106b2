import { NumberInput, TextInput } from "@mantine/core";
import { useState } from "react";

import type { EnvInfo, Model } from "@/lib/types";
import { Failure } from "@/ui/States";

import { useStartStudy } from "../api";
import { doseResponseEpisodes, parseSizes, SIZES, sizeText } from "../study/settings";
import { StartRow } from "../study/StartRow";
import { FeatureField, MeasureSelect, RunFields } from "../study/StudyFields";
import { useCommon } from "../study/use-form";
import classes from "../Effects.module.css";

interface Props {
  model: Model;
  envs: EnvInfo[];
  feature: number | undefined;
  onStarted: (runId: string) => void;
}

/** One feature at many doses: what to ask. */
export function DoseForm({ model, envs, feature, onStarted }: Props) {
  const start = useStartStudy("dose_response", model.id);
  const form = useCommon(model, envs, 16);
  const [typed, setTyped] = useState<number | string | null>(null);
  const [sizes, setSizes] = useState(SIZES.join(", "));
  const [random, setRandom] = useState<number | string>(20);
  const doses = parseSizes(sizes);
  const chosen = typed ?? feature ?? "";
  const seeds = Number(form.common.episodes);
  const submit = (again = false) => {
    if (doses === null || chosen === "" || form.common.measure === null) return;
    start.mutate(
      {
        ...form.body,
        measure: form.common.measure,
        feature_idx: Number(chosen),
        doses,
        random_directions: Number(random),
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
        <FeatureField model={model} value={chosen} onChange={setTyped} />
        <MeasureSelect
          measures={form.measures.data?.measures ?? []}
          value={form.common.measure}
          onChange={(measure) => form.change({ measure })}
        />
        <RunFields model={model} envs={envs} value={form.common} onChange={form.change} lowest={1} />
        <TextInput
          label="Doses δₐ, both signs"
          value={sizes}
          onChange={(event) => setSizes(event.currentTarget.value)}
          error={doses === null ? "Up to 12 sizes between 0 and 1, separated by commas." : undefined}
        />
        <NumberInput label="Random directions" min={0} max={100} value={random} onChange={setRandom} />
      </div>
      {form.measures.error && (
        <Failure
          error={form.measures.error}
          onRetry={() => void form.measures.refetch()}
          title="The measures could not be listed"
        />
      )}
      <StartRow
        label="Measure the dose-response"
        size={sizeText(doseResponseEpisodes(doses?.length ?? 0, Number(random), seeds), seeds, form.steps)}
        disabled={doses === null || chosen === "" || form.common.measure === null || !(seeds >= 1)}
        pending={start.isPending}
        error={start.error}
        accepted={start.data}
        onRetry={() => submit()}
        onAgain={() => submit(true)}
      />
    </form>
  );
}
