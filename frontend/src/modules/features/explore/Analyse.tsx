import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import type { components } from "@/lib/api-types";
import { count } from "@/lib/format";
import type { Job, Model } from "@/lib/types";
import { JobProgress } from "@/modules/runs/JobProgress";
import { isFinished, useJob } from "@/modules/runs/use-job";
import { Empty, Failure, Notice } from "@/ui/States";

import { analysisKey, useStartAnalysis } from "./api";

type Accepted = components["schemas"]["AnalysisAccepted"];

/** The job that was started here, or the one that was found running; at its end all is read again. */
export function useAnalysisJob(model: Model, start: { data?: Accepted | undefined }, running: string | null) {
  const queryClient = useQueryClient();
  const { data: job } = useJob(start.data?.job_id ?? running);
  const over = start.data?.state === "done" || isFinished(job?.state);
  const key = JSON.stringify(analysisKey(model));
  useEffect(() => {
    if (over) void queryClient.invalidateQueries({ queryKey: JSON.parse(key) as string[] });
  }, [over, key, queryClient]);
  return { job, over };
}

/** Before the analysis: what it will tell, how long it takes, its progress and how it ended. */
export function Analyse({ model, running }: { model: Model; running: string | null }) {
  const start = useStartAnalysis(model);
  const { job, over } = useAnalysisJob(model, start, running);
  if (job && !over) return <JobProgress job={job} />;
  return (
    <>
      <Empty
        title="Not analysed yet"
        action={
          <Button mt="sm" loading={start.isPending} onClick={() => start.mutate()}>
            Analyse the features
          </Button>
        }
      >
        Effects, associations with their nulls, names, examples and clusters for {count(model.sae?.d_latent)}{" "}
        features on {count(model.sae?.n_samples)} cached states. About a minute for a hundred features, longer
        for wide SAEs; the progress tells the time left. It is done once and kept.
      </Empty>
      {start.error && <Failure error={start.error} onRetry={() => start.mutate()} />}
      {job && <Ended job={job} what="analysis" />}
    </>
  );
}

export function Ended({ job, what }: { job: Job; what: string }) {
  if (job.state === "cancelled") return <Notice>The {what} was cancelled. Nothing was kept.</Notice>;
  if (job.state !== "failed" && job.state !== "interrupted") return null;
  return (
    <Notice>
      The {what} did not finish. {job.error?.message}
    </Notice>
  );
}
