import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { client, unwrap } from "@/lib/client";
import type { Job, RunSummary } from "@/lib/types";
import { runKeys } from "@/modules/runs/api";
import { isFinished } from "@/modules/runs/use-job";

const WATCH_MS = 1500;
const IDLE_MS = 20_000;

export const isActive = (job: Job) => !isFinished(job.state);

/** Jobs that ended without a result can be started again, with the same spec. */
export const canRetry = (job: Job) => ["failed", "cancelled", "interrupted"].includes(job.state);

export function useRetryJob(onQueued?: () => unknown) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(client.POST("/job/{job_id}/retry", { params: { path: { job_id: id } } })),
    onSuccess: async (job) => {
      // whoever follows the job by its old end would not ask again
      queryClient.setQueryData(runKeys.job(job.id), job);
      await onQueued?.();
    },
  });
}

/** All jobs of the server, newest first: watched closely while one is under way, else now and then. */
export const useJobs = () =>
  useQuery({
    queryKey: runKeys.jobs,
    queryFn: async () => (await unwrap(client.GET("/jobs"))).jobs,
    refetchInterval: (query) => (query.state.data?.some(isActive) ? WATCH_MS : IDLE_MS),
  });

/** The runs behind the jobs, which know their model and environment; read again when a job comes or ends. */
export function useRunsOfJobs(jobs: readonly Job[], wanted: boolean): Map<string, RunSummary> {
  const { data } = useQuery({
    queryKey: [...runKeys.jobs, "runs", jobs.map((job) => `${job.id} ${job.state}`)],
    queryFn: async () => (await unwrap(client.GET("/runs"))).runs,
    enabled: wanted && jobs.length > 0,
    placeholderData: (previous) => previous,
  });
  return new Map(data?.map((run) => [run.job_id, run]));
}
