import { keepPreviousData, skipToken, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { client, unwrap } from "@/lib/client";
import type { SweepRequest } from "@/lib/types";
import { useRetryJob } from "@/modules/jobs/api";
import { modelKeys } from "@/modules/models/api";
import { download } from "@/modules/runs/api";
import { isFinished, useJob } from "@/modules/runs/use-job";

const keys = {
  list: (model: string) => ["sweeps", model],
  one: (sweep: string) => ["sweep", sweep],
};

export const useSweeps = (model: string) =>
  useQuery({
    queryKey: keys.list(model),
    queryFn: async () =>
      (await unwrap(client.GET("/model/{model_id}/sweeps", { params: { path: { model_id: model } } })))
        .sweeps,
  });

/** What a request would train and cost; nothing is asked while the form cannot be sent. */
export const usePlan = (model: string, request: SweepRequest | null) =>
  useQuery({
    queryKey: ["sweep-plan", model, request],
    queryFn:
      request === null
        ? skipToken
        : () =>
            unwrap(
              client.POST("/model/{model_id}/sweep/plan", {
                params: { path: { model_id: model } },
                body: request,
              }),
            ),
    placeholderData: keepPreviousData,
    retry: false,
  });

export function useStartSweep(model: string, onStarted: (sweep: string) => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: SweepRequest) =>
      unwrap(client.POST("/model/{model_id}/sweep", { params: { path: { model_id: model } }, body })),
    onSuccess: (accepted) => {
      onStarted(accepted.sweep_id);
      void queryClient.invalidateQueries({ queryKey: keys.one(accepted.sweep_id) });
      return queryClient.invalidateQueries({ queryKey: keys.list(model) });
    },
  });
}

/** One sweep. While it is made, every event of its job reads the curves again. */
export function useSweep(id: string | undefined) {
  const queryClient = useQueryClient();
  const query = useQuery({
    queryKey: keys.one(id ?? ""),
    queryFn: () => unwrap(client.GET("/sweep/{sweep_id}", { params: { path: { sweep_id: id ?? "" } } })),
    enabled: id !== undefined,
  });
  const known = query.data?.job;
  const live = known !== undefined && !isFinished(known.state);
  const { data: job } = useJob(live ? known.id : null);
  const done = job?.progress.done;
  const state = job?.state;
  useEffect(() => {
    if (id !== undefined && state !== undefined)
      void queryClient.invalidateQueries({ queryKey: keys.one(id) }, { cancelRefetch: false });
  }, [id, done, state, queryClient]);
  return { ...query, job: live ? (job ?? known) : known };
}

export function useRetry(sweep: string) {
  const queryClient = useQueryClient();
  return useRetryJob(() => queryClient.invalidateQueries({ queryKey: keys.one(sweep) }));
}

/** The weights of one SAE or transcoder, as a file. */
export const downloadCell = (sweep: string, cell: number) =>
  download(`/sweep/${encodeURIComponent(sweep)}/file?cell=${cell}`, `${sweep}_${cell}.safetensors`);

/** A new SAE replaces the features, so the whole model is read again. */
export function useUseCell(model: string, sweep: string, onUsed: () => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (cell: number) =>
      unwrap(client.POST("/sweep/{sweep_id}/use", { params: { path: { sweep_id: sweep } }, body: { cell } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: modelKeys.one(model) });
      onUsed();
    },
  });
}
