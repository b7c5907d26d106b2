import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";

import type { components } from "@/lib/api-types";
import { client, unwrap } from "@/lib/client";
import type { Accepted, EditRequest, StudyKind } from "@/lib/types";
import { modelKeys } from "@/modules/models/api";
import { runKeys } from "@/modules/runs/api";

type S = components["schemas"];
export interface Body {
  dose_response: S["DoseResponseRequest"];
  calibration: S["CalibrateRequest"];
  scan: S["ScanRequest"];
}

/** What can be measured in an environment. */
export const useMeasures = (env: string | null) =>
  useQuery({
    queryKey: ["measures", env],
    queryFn: () => unwrap(client.GET("/env/{env_id}/measures", { params: { path: { env_id: env ?? "" } } })),
    enabled: env !== null,
    staleTime: Infinity,
  });

/** The numbers of a study; they never change once it is done. */
export const useEffects = (runId: string | undefined, done: boolean) =>
  useQuery({
    queryKey: [...runKeys.one(runId ?? ""), "effects"],
    queryFn: () => unwrap(client.GET("/run/{run_id}/effects", { params: { path: { run_id: runId ?? "" } } })),
    enabled: runId !== undefined && done,
    staleTime: Infinity,
  });

const started = (queryClient: QueryClient, modelId: string) =>
  Promise.all([
    queryClient.invalidateQueries({ queryKey: runKeys.list(modelId) }),
    queryClient.invalidateQueries({ queryKey: runKeys.jobs }),
  ]);

function post<K extends StudyKind>(kind: K, modelId: string, body: Body[K]): Promise<Accepted> {
  const params = { path: { model_id: modelId } };
  if (kind === "dose_response")
    return unwrap(
      client.POST("/model/{model_id}/dose_response", { params, body: body as Body["dose_response"] }),
    );
  if (kind === "scan")
    return unwrap(client.POST("/model/{model_id}/scan", { params, body: body as Body["scan"] }));
  return unwrap(client.POST("/model/{model_id}/calibrate", { params, body: body as Body["calibration"] }));
}

export function useStartStudy<K extends StudyKind>(kind: K, modelId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: Body[K]) => post(kind, modelId, body),
    onSuccess: () => started(queryClient, modelId),
  });
}

/** The dose of edits in every unit, measured on the cached states. Stores nothing. */
export const useDose = (modelId: string, edits: EditRequest[], wanted: boolean) =>
  useQuery({
    queryKey: [...modelKeys.one(modelId), "dose", edits],
    queryFn: () =>
      unwrap(
        client.POST("/model/{model_id}/dose", {
          params: { path: { model_id: modelId } },
          body: { edits },
        }),
      ),
    enabled: wanted && edits.length > 0,
    placeholderData: (previous) => previous,
    staleTime: Infinity,
  });

/** Stores edits for the next run, in place of the simple perturbation. */
export function useStoreEdits(modelId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (edits: EditRequest[]) =>
      unwrap(
        client.POST("/model/{model_id}/sae_perturb", {
          params: { path: { model_id: modelId } },
          body: { edits },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: modelKeys.one(modelId), exact: true }),
  });
}
