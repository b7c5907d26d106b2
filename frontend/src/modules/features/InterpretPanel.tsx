import { SegmentedControl, Select } from "@mantine/core";

import { count, num } from "@/lib/format";
import type { FeatureSort, Interpretation, Model } from "@/lib/types";
import { useEnvInfo } from "@/modules/runs/use-env-info";
import { uploadedFiles } from "@/modules/saes/directories";
import { Explain } from "@/ui/Explain";
import { Panel } from "@/ui/Panel";
import { Empty, Failure, Lines } from "@/ui/States";

import { useInterpretation } from "./api";
import { FeatureTable } from "./FeatureTable";
import classes from "./Features.module.css";

export interface Ranking {
  target: number;
  sort: FeatureSort;
  top: number;
}

interface Props {
  model: Model;
  ranking: Ranking;
  onRanking: (patch: Partial<Ranking>) => void;
  feature: number | undefined;
  onFeature: (feature: number) => void;
}

export function InterpretPanel(props: Props) {
  const { model } = props;
  return (
    <Panel
      id="interpret"
      step={3}
      title="Interpret"
      lead="Features ranked by how well they predict one of the policy's own actions."
      aside={model.sae?.has_cached_data && <Controls {...props} />}
    >
      <Content {...props} />
    </Panel>
  );
}

function Controls({ model, ranking, onRanking }: Props) {
  const env = useEnvInfo(model);
  const named = env?.act_dim === model.act_dim ? env.actions : undefined;
  const data = Array.from({ length: model.act_dim }, (_, index) => {
    const channel = named?.[index];
    return { value: String(index), label: channel?.name ?? `action ${index}` };
  });
  return (
    <div className={classes.controls}>
      <Select
        aria-label="Target action"
        w={230}
        data={data}
        value={String(ranking.target)}
        allowDeselect={false}
        leftSection={<span className="muted micro">Target</span>}
        leftSectionWidth={56}
        renderOption={({ option }) => (
          <span className={classes.option}>
            {option.label}
            <small>{named?.[Number(option.value)]?.unit}</small>
          </span>
        )}
        onChange={(value) => value !== null && onRanking({ target: Number(value) })}
      />
      <SegmentedControl
        aria-label="How many features"
        value={String(ranking.top)}
        data={["10", "25", "50"].map((value) => ({ value, label: `Top ${value}` }))}
        onChange={(value) => onRanking({ top: Number(value) })}
      />
    </div>
  );
}

function Content({ model, ranking, onRanking, feature, onFeature }: Props) {
  const { sae } = model;
  const top_k = Math.min(ranking.top, sae?.d_latent ?? ranking.top);
  const { data, error, isPending, isPlaceholderData, refetch } = useInterpretation(model, {
    target_dim: ranking.target,
    top_k,
    sort_by: ranking.sort,
  });

  if (!sae)
    return (
      <Empty title="Waiting for an SAE">
        Once one is loaded, the ten features that matter most for an action appear here by themselves.
      </Empty>
    );
  if (!sae.has_cached_data) {
    return (
      <Empty title="Need SAE + cached data">
        {uploadedFiles(sae) === null
          ? `${sae.artifacts_dir} has no cached_obs.pt and tapped_activations.pt, so features cannot be ranked. Choose a directory with all three files.`
          : "An uploaded SAE brings no data along, so features cannot be ranked. Load a directory with data at the same tap, then upload again: the SAE is then measured on those."}
      </Empty>
    );
  }
  if (error)
    return <Failure error={error} onRetry={() => void refetch()} title="The features could not be ranked" />;
  if (isPending) return <Lines rows={11} height={18} gap={20} label="Ranking the features" />;
  return (
    <>
      <FeatureTable
        rows={data.features}
        sort={ranking.sort}
        onSort={(sort) => onRanking({ sort })}
        chosen={feature}
        onChoose={onFeature}
        stale={isPlaceholderData}
      />
      <Foot data={data} />
    </>
  );
}

function Foot({ data }: { data: Interpretation }) {
  return (
    <p className={classes.foot}>
      <span>
        Ridge on {count(data.n_samples)} cached states, λ = {num(data.ridge_lambda, 2)}
        <Explain term="ridge" />
      </span>
      <span>
        R² of all features {num(data.r2, 3)}
        <Explain term="ridge_r2" />
      </span>
      <span>
        {count(data.dead_features)} of {count(data.d_latent)} features dead
      </span>
    </p>
  );
}
