import { Button } from "@mantine/core";

import type { Model } from "@/lib/types";
import { JobProgress } from "@/modules/runs/JobProgress";
import { Empty, Failure } from "@/ui/States";

import { useMakeClusters } from "../api";
import { Ended, useAnalysisJob } from "../Analyse";
import type { Wanted } from "./wanted";

interface Props {
  model: Model;
  wanted: Wanted;
  running: string | null;
}

/** A grouping that is not part of the analysis: what it is, its progress and how it ended. */
export function MakeClusters({ model, wanted, running }: Props) {
  const make = useMakeClusters(model, wanted);
  const { job, over } = useAnalysisJob(model, make, running);
  if (job && !over) return <JobProgress job={job} />;
  return (
    <>
      <Empty
        title="Not grouped like this yet"
        action={
          <Button mt="sm" loading={make.isPending} onClick={() => make.mutate()}>
            Group the features
          </Button>
        }
      >
        {wanted.map === "umap"
          ? "The clusters with their nulls, and a UMAP map; the first map after the server was installed takes half a minute."
          : "The clusters, what chance would give, and how stable they are on resampled episodes; a few seconds."}{" "}
        It is done once and kept.
      </Empty>
      {make.error && <Failure error={make.error} onRetry={() => make.mutate()} />}
      {job && <Ended job={job} what="grouping" />}
    </>
  );
}
