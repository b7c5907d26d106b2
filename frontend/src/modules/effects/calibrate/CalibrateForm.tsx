import { NumberInput, SegmentedControl } from "@mantine/core";
import { useState } from "react";

import type { EnvInfo, Model } from "@/lib/types";

import { useStartStudy } from "../api";
import { calibrationEpisodes, sizeText } from "../study/settings";
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

const FRESH = 20;

/** Which behaviour should change, and by how much: the dose is searched for. */
export function CalibrateForm({ model, envs, feature, onStarted }: Props) {
  const start = useStartStudy("calibration", model.id);
  const form = useCommon(model, envs, 8);
  const [typed, setTyped] = useState<number | string | null>(null);
  const [change, setChange] = useState<number | string>(10);
  const [relative, setRelative] = useState(true);
  const measures = form.measures.data?.measures ?? [];
  const measure = form.common.measure;
  const unit = measures.find((each) => each.key === measure)?.unit ?? "";
  const chosen = typed ?? feature ?? "";
  const seeds = Number(form.common.episodes);
  const amount = Number(change) / (relative ? 100 : 1);
  const submit = (again = false) => {
    if (measure === null || chosen === "") return;
    start.mutate(
      {
        ...form.body,
        features: [{ feature_idx: Number(chosen) }],
        target: { measure, change: amount, relative },
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
        <FeatureField model={model} value={chosen} onChange={setTyped} />
        <MeasureSelect
          measures={measures}
          value={measure}
          onChange={(key) => form.change({ measure: key })}
        />
        <Change
          unit={unit}
          change={change}
          onChange={setChange}
          relative={relative}
          onRelative={setRelative}
        />
        <RunFields model={model} envs={envs} value={form.common} onChange={form.change} lowest={6} />
      </div>
      <StartRow
        label="Find the dose"
        size={`${sizeText(calibrationEpisodes(seeds, FRESH), seeds, form.steps, true)} Each sign is searched on its own within what is safe, then confirmed on ${FRESH} fresh seeds.`}
        disabled={measure === null || chosen === "" || change === "" || !(seeds >= 6)}
        pending={start.isPending}
        error={start.error}
        accepted={start.data}
        onRetry={() => submit()}
        onAgain={() => submit(true)}
      />
    </form>
  );
}

interface ChangeProps {
  unit: string;
  change: number | string;
  onChange: (change: number | string) => void;
  relative: boolean;
  onRelative: (relative: boolean) => void;
}

/** How much: as a share of what it is now, or in the measure's own unit. */
function Change({ unit, change, onChange, relative, onRelative }: ChangeProps) {
  return (
    <>
      <NumberInput
        label="Wanted change"
        value={change}
        onChange={onChange}
        suffix={relative ? " %" : unit ? ` ${unit}` : ""}
      />
      <div>
        <span className={classes.label} id="relative-label">
          Change as
        </span>
        <SegmentedControl
          fullWidth
          aria-labelledby="relative-label"
          value={relative ? "share" : "unit"}
          onChange={(value) => onRelative(value === "share")}
          data={[
            { value: "share", label: "% of now" },
            { value: "unit", label: unit || "unit" },
          ]}
        />
      </div>
    </>
  );
}
