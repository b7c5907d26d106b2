import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { runKeys, runQuery } from "./api";
import { isFinished, useJob } from "./use-job";
import type { Job, Run } from "@/lib/types";

const SETTLE_MS = 700;

/** A job can report its end a moment before the run is stored: then the run is asked for again. */
function settling(queryClient: QueryClient, run: Run | undefined): boolean {
  if (!run || isFinished(run.state)) return false;
  return isFinished(queryClient.getQueryData<Job>(runKeys.job(run.job_id))?.state);
}

/** The run in the address and the job that plays it; when the job ends, the result and the history are read again. */
export function useCurrentRun(
  runId: string | undefined,
  modelId: string,
): { run: Run | undefined; job: Job | undefined } {
  const queryClient = useQueryClient();
  const { data: run } = useQuery({
    ...runQuery(runId ?? ""),
    enabled: runId !== undefined,
    refetchInterval: (query) => (settling(queryClient, query.state.data) ? SETTLE_MS : false),
  });
  const open = run !== undefined && !isFinished(run.state);
  const { data: job } = useJob(open ? run.job_id : null);
  const over = open && isFinished(job?.state);

  useEffect(() => {
    if (!over || runId === undefined) return;
    void queryClient.invalidateQueries({ queryKey: runKeys.one(runId) });
    void queryClient.invalidateQueries({ queryKey: runKeys.list(modelId) });
  }, [over, runId, modelId, queryClient]);
  return { run, job: open ? job : undefined };
}
