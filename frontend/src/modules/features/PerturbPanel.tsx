import { Button } from "@mantine/core";
import { useState } from "react";

import type { Intervention, Model, SaeInfo } from "@/lib/types";
import { EditorFold } from "@/modules/effects/editor/EditorFold";
import { armText, isSimple, toneOf } from "@/modules/runs/arms";
import { Panel } from "@/ui/Panel";
import { Empty, Failure } from "@/ui/States";

import { useApplyPerturbation, useClearPerturbation, useInterpretation } from "./api";
import { LiveLink } from "@/modules/live/LiveLink";
import { AlphaControl } from "./AlphaControl";
import { ChosenFeature } from "./ChosenFeature";
import { MEASURES } from "./columns";
import { FeatureSelect } from "./FeatureSelect";
import type { Ranking } from "./InterpretPanel";
import classes from "./Features.module.css";

const DROPDOWN_SIZE = 100;

interface Props {
  model: Model;
  ranking: Ranking;
  feature: number | undefined;
  alpha: number;
  onFeature: (feature: number) => void;
  onAlpha: (alpha: number) => void;
  /** Edits of the editor were stored: the slider's own value no longer counts. */
  onStored: () => void;
  /** Features to steer together, from the address. */
  steer?: number[];
}

export function PerturbPanel(props: Props) {
  const { sae } = props.model;
  return (
    <Panel
      id="perturb"
      step={4}
      title="Perturb"
      lead="Push one feature at the tap, at every step of the episode."
    >
      {sae ? (
        <div className={classes.perturb}>
          <PerturbForm {...props} sae={sae} />
          <div>
            <LiveLink feature={props.feature} />
          </div>
          {sae.has_cached_data && (
            <EditorFold
              model={props.model}
              feature={props.feature}
              onStored={props.onStored}
              steer={props.steer}
            />
          )}
        </div>
      ) : (
        <Empty title="Needs an SAE">
          A feature is pushed along its decoder direction, which comes with the SAE.
        </Empty>
      )}
    </Panel>
  );
}

/** The table's rows, and the longer list once it is asked for or the chosen feature is not among the first. */
function useRows({ model, ranking, feature }: Props, wanted: boolean) {
  const d_latent = model.sae?.d_latent ?? 0;
  const request = { target_dim: ranking.target, sort_by: ranking.sort };
  const short = useInterpretation(model, { ...request, top_k: Math.min(ranking.top, d_latent) });
  const rows = short.data?.features ?? [];
  const found = feature === undefined || rows.some((row) => row.feature_idx === feature);
  const long = useInterpretation(
    model,
    { ...request, top_k: Math.min(DROPDOWN_SIZE, d_latent) },
    wanted || (short.isSuccess && !found),
  );
  return { rows: long.data?.features ?? rows, targetName: short.data?.target_name };
}

function PerturbForm(props: Props & { sae: SaeInfo }) {
  const { model, sae, ranking, feature, alpha, onFeature, onAlpha } = props;
  const [opened, setOpened] = useState(false);
  const { rows, targetName } = useRows(props, opened);
  const apply = useApplyPerturbation(model.id);
  const row = rows.find((each) => each.feature_idx === feature);
  const stored = model.intervention;
  const isStored = showsStored(stored, feature, alpha);
  const measure = MEASURES.find((each) => each.sort === ranking.sort) ?? MEASURES[0];

  const submit = () => {
    if (feature !== undefined) apply.mutate({ feature_idx: feature, alpha });
  };
  return (
    <form
      className={classes.perturb}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {measure && (
        <FeatureSelect
          rows={rows}
          measure={measure}
          feature={feature}
          onFeature={onFeature}
          onOpen={() => setOpened(true)}
        />
      )}
      <AlphaControl value={alpha} onChange={onAlpha} disabled={feature === undefined} />
      {feature !== undefined && (
        <ChosenFeature
          feature={feature}
          alpha={alpha}
          tap={sae.tap_index}
          row={row}
          targetName={targetName}
        />
      )}
      <Button
        type="submit"
        fullWidth
        disabled={feature === undefined}
        loading={apply.isPending}
        variant={isStored ? "default" : "filled"}
      >
        Apply Feature Perturbation
      </Button>
      {apply.error && <Failure error={apply.error} onRetry={submit} />}
      {stored && <Stored modelId={model.id} stored={stored} />}
    </form>
  );
}

/** The slider shows just what is stored. */
function showsStored(stored: Intervention | null, feature: number | undefined, alpha: number): boolean {
  return stored?.feature_idx === feature && stored?.alpha === alpha && isSimple(stored.edits);
}

function Stored({ modelId, stored }: { modelId: string; stored: Intervention }) {
  const clear = useClearPerturbation(modelId);
  const tone = toneOf({ name: "", edits: stored.edits });
  const sign = tone === "ink" ? "zero" : tone;
  return (
    <>
      <div className={classes.stored} data-sign={sign} role="status">
        <span>
          Stored for the next run: <b>{armText({ name: "", edits: stored.edits })}</b>
        </span>
        <Button
          size="compact-sm"
          variant="subtle"
          flex="none"
          loading={clear.isPending}
          onClick={() => clear.mutate()}
        >
          Clear
        </Button>
      </div>
      {clear.error && <Failure error={clear.error} />}
    </>
  );
}
