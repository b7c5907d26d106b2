import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { client, send, unwrap } from "@/lib/client";
import { saveBlob } from "@/lib/save";
import type { RunRequest } from "@/lib/types";

export const runKeys = {
  list: (modelId: string) => ["runs", modelId] as const,
  one: (id: string) => ["run", id] as const,
  jobs: ["jobs"] as const,
  job: (id: string) => ["job", id] as const,
};

export const useEnvs = () =>
  useQuery({
    queryKey: ["envs"],
    queryFn: async () => (await unwrap(client.GET("/envs"))).envs,
    staleTime: Infinity,
  });

export const useRuns = (modelId: string | undefined) =>
  useQuery({
    queryKey: runKeys.list(modelId ?? ""),
    queryFn: async () =>
      (await unwrap(client.GET("/runs", { params: { query: { model_id: modelId } } }))).runs,
    enabled: modelId !== undefined,
  });

/** The runs of every model, newest first. */
export const useRecentRuns = () =>
  useQuery({
    queryKey: ["runs"],
    queryFn: async () => (await unwrap(client.GET("/runs"))).runs,
  });

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: runKeys.one(id),
    queryFn: () => unwrap(client.GET("/run/{run_id}", { params: { path: { run_id: id } } })),
  });

export const useRun = (id: string) => useQuery(runQuery(id));

export function useStartRun(modelId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: RunRequest) =>
      unwrap(client.POST("/model/{model_id}/run", { params: { path: { model_id: modelId } }, body })),
    onSuccess: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: runKeys.list(modelId) }),
        queryClient.invalidateQueries({ queryKey: runKeys.jobs }),
      ]),
  });
}

export function useCancelJob() {
  return useMutation({
    mutationFn: (id: string) => unwrap(client.DELETE("/job/{job_id}", { params: { path: { job_id: id } } })),
  });
}

export function useDeleteRun(modelId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(client.DELETE("/run/{run_id}", { params: { path: { run_id: id } } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: runKeys.list(modelId) }),
  });
}

export const csvPath = (runId: string) => `/run/${encodeURIComponent(runId)}/episodes.csv`;

/** Fetches a file with the token and hands it to the browser; a bare link could not carry the header. */
export async function download(path: string, name: string): Promise<void> {
  saveBlob(await (await send(path)).blob(), name);
}

export const downloadCsv = (runId: string) => download(csvPath(runId), `${runId}-episodes.csv`);

export const downloadBundle = (runId: string) =>
  download(`/run/${encodeURIComponent(runId)}/bundle`, `${runId}.zip`);
