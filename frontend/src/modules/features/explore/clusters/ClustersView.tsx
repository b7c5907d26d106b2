import { SegmentedControl } from "@mantine/core";
import { useState } from "react";

import { fixed } from "@/lib/format";
import type { Clusters, Model } from "@/lib/types";
import { Facts } from "@/ui/Facts";
import { Block, Failure } from "@/ui/States";

import { useClusters, type ClusterView } from "../api";
import { Antipodal } from "./Antipodal";
import { ClusterList } from "./ClusterList";
import { ClusterMap } from "./ClusterMap";
import classes from "./Clusters.module.css";

const VIEWS: { value: ClusterView; label: string }[] = [
  { value: "combined", label: "All three" },
  { value: "decoder", label: "Decoder" },
  { value: "coactivation", label: "Co-activation" },
  { value: "function", label: "Function" },
];

const ALIKE: Record<ClusterView, string> = {
  combined:
    "Similarity = 0.4 decoder cosine + 0.3 co-activation φ + 0.3 cosine of effects; negatives count as 0.",
  decoder: "Similarity = cosine of decoder directions: what the features write.",
  coactivation: "Similarity = co-activation φ: when the features fire together, beyond how often each fires.",
  function: "Similarity = cosine of mean effects on the actions: what the features do.",
};

interface Props {
  model: Model;
  feature: number | undefined;
  onFeature: (feature: number) => void;
  onStored: () => void;
}

/** Groups of like features, with the verdict whether they are more than chance before anything else. */
export function ClustersView(props: Props) {
  const [view, setView] = useState<ClusterView>("combined");
  const { data, error, refetch } = useClusters(props.model, view);
  return (
    <div className={classes.clusters}>
      <div className={classes.row}>
        <SegmentedControl
          size="xs"
          aria-label="What makes features alike"
          value={view}
          onChange={setView}
          data={VIEWS}
        />
        <p>{ALIKE[view]}</p>
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} title="The clusters could not be read" />
      ) : data ? (
        <Content key={data.view} {...props} data={data} />
      ) : (
        <Block height={520} label="Reading the clusters" />
      )}
    </div>
  );
}

function Content({ model, feature, onFeature, onStored, data }: Props & { data: Clusters }) {
  const [cluster, setCluster] = useState<number | null>(null);
  return (
    <>
      <div className={classes.verdict} data-reliable={data.reliable}>
        <p>{data.verdict}</p>
        {!data.reliable && data.clusters.length > 0 && (
          <small>The best cut is shown below all the same; do not read meaning into its groups.</small>
        )}
      </div>
      <Facts columns={4} facts={numbersOf(data)} />
      {data.map && <ClusterMap map={data.map} feature={feature} cluster={cluster} onFeature={onFeature} />}
      <ClusterList
        model={model}
        clusters={data.clusters}
        feature={feature}
        cluster={cluster}
        onCluster={setCluster}
        onFeature={onFeature}
        onStored={onStored}
      />
      <Antipodal pairs={data.antipodal} onFeature={onFeature} />
    </>
  );
}

function numbersOf(data: Clusters) {
  return [
    { label: "silhouette", value: fixed(data.mean_silhouette, 2), term: "silhouette" as const },
    { label: "by chance, 95 %", value: fixed(data.null_silhouette, 2) },
    { label: "stability, ARI", value: fixed(data.ari, 2), note: "need 0.6", term: "ari" as const },
    { label: "cophenetic", value: fixed(data.cophenetic, 2), term: "cophenetic" as const },
  ];
}
