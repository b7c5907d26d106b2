import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";

import { readAhead } from "@/modules/replay/api";

import { runKeys, runQuery } from "./api";
import { isFinished, useJob } from "./use-job";
import type { Job, Run } from "@/lib/types";

const SETTLE_MS = 700;

/** A job can report its end a moment before the run is stored: then the run is asked for again. */
function settling(queryClient: QueryClient, run: Run | undefined): boolean {
  if (!run || isFinished(run.state)) return false;
  return isFinished(queryClient.getQueryData<Job>(runKeys.job(run.job_id))?.state);
}

interface CurrentRun {
  run: Run | undefined;
  job: Job | undefined;
  error: Error | null;
  refetch: () => void;
}

/** The run in the address and the job that plays it; when the job ends, the result and the history are read again. */
export function useCurrentRun(runId: string | undefined): CurrentRun {
  const queryClient = useQueryClient();
  const {
    data: run,
    error,
    refetch,
  } = useQuery({
    ...runQuery(runId ?? ""),
    enabled: runId !== undefined,
    refetchInterval: (query) => (settling(queryClient, query.state.data) ? SETTLE_MS : false),
  });
  const open = run !== undefined && !isFinished(run.state);
  const read = useRef<Job["finished_at"]>(undefined);
  const onOver = useCallback(
    (ended: Job) => {
      if (!run || read.current === ended.finished_at) return;
      read.current = ended.finished_at;
      void readResult(queryClient, run, ended);
    },
    [queryClient, run],
  );
  const { data: job } = useJob(open ? run.job_id : null, onOver);

  // where the stream was not up, polling has seen the end
  useEffect(() => {
    if (open && job && isFinished(job.state)) onOver(job);
  }, [open, job, onOver]);
  return { run, job: open ? job : undefined, error, refetch: () => void refetch() };
}

/** The result and what replays it, asked for together; the history of runs can wait for them. */
async function readResult(queryClient: QueryClient, run: Run, { state }: Job) {
  const [seed] = run.seeds;
  if (state === "done" && run.kind === "comparison" && seed !== undefined)
    readAhead(queryClient, run.id, seed, run.arm_names);
  await queryClient.invalidateQueries({ queryKey: runKeys.one(run.id) });
  await queryClient.invalidateQueries({ queryKey: runKeys.list(run.model_id) });
}
