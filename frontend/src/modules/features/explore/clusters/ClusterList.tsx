import { Button } from "@mantine/core";

import { fixed, plural } from "@/lib/format";
import { useView } from "@/lib/view";
import type { Cluster, Model } from "@/lib/types";
import { useStoreEdits } from "@/modules/effects/api";
import { useScheme } from "@/modules/replay/use-scheme";
import { Explain } from "@/ui/Explain";
import { Failure } from "@/ui/States";

import { groupColor } from "./palette";
import classes from "./Clusters.module.css";

interface Props {
  model: Model;
  clusters: Cluster[];
  feature: number | undefined;
  cluster: number | null;
  onCluster: (cluster: number | null) => void;
  onFeature: (feature: number) => void;
  onStored: () => void;
}

/** Each group with its members; the button beside it puts all of them into the next run. */
export function ClusterList({ model, clusters, feature, cluster, onCluster, onFeature, onStored }: Props) {
  const scheme = useScheme();
  const store = useStoreEdits(model.id);
  const { openSection } = useView();
  const steer = ({ edits }: Cluster) =>
    store.mutate(
      edits.map(({ feature_idx, op, value }) => ({ feature_idx, op, value })),
      {
        onSuccess: () => {
          onStored();
          openSection("perturb");
        },
      },
    );
  if (clusters.length === 0) return null;
  return (
    <section aria-label="Clusters">
      {store.error && <Failure error={store.error} title="The cluster could not be stored" />}
      <ul className={classes.list}>
        {clusters.map((each) => (
          <li key={each.cluster} data-chosen={each.cluster === cluster}>
            <div className={classes.clusterHead}>
              <button
                type="button"
                className={classes.clusterName}
                aria-pressed={each.cluster === cluster}
                onClick={() => onCluster(each.cluster === cluster ? null : each.cluster)}
              >
                <i style={{ background: groupColor(each.cluster, scheme) }} aria-hidden="true" />
                <b>{each.cluster}</b>
                <span title={each.name}>{each.name}</span>
              </button>
              <Button
                size="compact-xs"
                variant="default"
                aria-label={`Steer cluster ${each.cluster}: all ${each.size} members scaled by 1.2`}
                loading={store.isPending && store.variables[0]?.feature_idx === each.features[0]}
                onClick={() => steer(each)}
              >
                Steer all × 1.2
              </Button>
            </div>
            <p className={classes.clusterFacts}>
              {plural(each.size, "feature")}, silhouette {fixed(each.silhouette, 2)}
              <Explain term="silhouette" />,{" "}
              {each.jaccard === null
                ? "overlap not measured"
                : `overlap on resampled episodes ${fixed(each.jaccard, 2)}`}
              , {each.stable ? "stable" : "not stable"}
            </p>
            <div className={classes.members}>
              {each.features.map((member) => (
                <button
                  key={member}
                  type="button"
                  aria-label={`Open feature ${member}`}
                  aria-pressed={member === feature}
                  onClick={() => onFeature(member)}
                >
                  {member}
                </button>
              ))}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
