import { NumberInput, SegmentedControl } from "@mantine/core";
import { useState } from "react";

import { count, fixed } from "@/lib/format";
import type { TableView } from "@/lib/table-view";
import type { Clusters, Model } from "@/lib/types";
import { Facts } from "@/ui/Facts";
import { Block, Failure } from "@/ui/States";

import { useClusters } from "../api";
import { Antipodal } from "./Antipodal";
import { ClusterList } from "./ClusterList";
import { ClusterMap } from "./ClusterMap";
import { MakeClusters } from "./MakeClusters";
import { ALIKE, sharesOf, VIEWS, wantedOf, type Shares } from "./wanted";
import classes from "./Clusters.module.css";

interface Props {
  model: Model;
  view: TableView;
  onView: (view: TableView) => void;
  feature: number | undefined;
  onFeature: (feature: number) => void;
  onStored: () => void;
}

/** Groups of like features, with the verdict whether they are more than chance before anything else. */
export function ClustersView(props: Props) {
  const { alike = "combined", map = "pca" } = props.view;
  const shares = sharesOf(props.view);
  const change = (patch: TableView) => props.onView({ ...props.view, ...patch });
  const wanted = wantedOf(alike, map, shares);
  const { data, error, refetch } = useClusters(props.model, wanted);
  return (
    <div className={classes.clusters}>
      <div className={classes.row}>
        <div className={classes.choices}>
          <SegmentedControl
            size="xs"
            aria-label="What makes features alike"
            value={alike}
            onChange={(next) => change({ alike: next === "combined" ? undefined : next })}
            data={VIEWS}
          />
          <SegmentedControl
            size="xs"
            aria-label="Map"
            value={map}
            onChange={(next) => change({ map: next === "umap" ? next : undefined })}
            data={[
              { value: "pca" as const, label: "PCA map" },
              { value: "umap" as const, label: "UMAP map" },
            ]}
          />
        </div>
        <p>{ALIKE[alike]}</p>
        {alike === "custom" && (
          <ShareFields
            shares={shares}
            onChange={(next) => change({ shares: [next.decoder, next.coactivation, next.function] })}
          />
        )}
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} title="The clusters could not be read" />
      ) : !data ? (
        <Block height={520} label="Reading the clusters" />
      ) : "notMade" in data ? (
        <MakeClusters
          key={JSON.stringify(wanted)}
          model={props.model}
          wanted={wanted}
          running={data.notMade}
        />
      ) : (
        <Content key={data.view} {...props} data={data} />
      )}
    </div>
  );
}

const SHARES: { key: keyof Shares; label: string }[] = [
  { key: "decoder", label: "Decoder" },
  { key: "coactivation", label: "Co-activation" },
  { key: "function", label: "Function" },
];

function ShareFields({ shares, onChange }: { shares: Shares; onChange: (shares: Shares) => void }) {
  const sum = shares.decoder + shares.coactivation + shares.function;
  const only = (value: number) => sum === value;
  return (
    <div className={classes.choices}>
      {SHARES.map(({ key, label }) => (
        <NumberInput
          key={key}
          label={label}
          size="xs"
          w={110}
          min={only(shares[key]) ? 0.1 : 0}
          max={1}
          step={0.1}
          clampBehavior="strict"
          value={shares[key]}
          onChange={(value) => typeof value === "number" && onChange({ ...shares, [key]: value })}
        />
      ))}
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
      {data.grouped < data.taking_part && data.clusters.length > 0 && (
        <p className={classes.some}>
          Grouped are the {count(data.grouped)} features that fire most often, of {count(data.taking_part)}:
          judging a grouping against chance takes the distances of all pairs many times over. The PCA map
          shows all of them, those without a group in grey.
        </p>
      )}
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
    { label: "by chance, 95\u00a0%", value: fixed(data.null_silhouette, 2) },
    { label: "stability, ARI", value: fixed(data.ari, 2), note: "need 0.6", term: "ari" as const },
    { label: "cophenetic", value: fixed(data.cophenetic, 2), term: "cophenetic" as const },
  ];
}
