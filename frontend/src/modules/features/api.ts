import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { client, unwrap } from "@/lib/client";
import type { FeatureSort, Model } from "@/lib/types";
import { modelKeys } from "@/modules/models/api";

export interface InterpretRequest {
  target_dim: number;
  top_k: number;
  sort_by: FeatureSort;
}

/** The ranking depends on the SAE, the tap and the weights: all are part of the key. */
export function useInterpretation(model: Model, request: InterpretRequest, wanted = true) {
  const { sae } = model;
  return useQuery({
    queryKey: [
      ...modelKeys.one(model.id),
      "features",
      sae?.id,
      sae?.tap_index,
      model.activation,
      model.n_edits,
      request,
    ],
    queryFn: () =>
      unwrap(
        client.POST("/model/{model_id}/interpret_features", {
          params: { path: { model_id: model.id } },
          body: request,
        }),
      ),
    enabled: wanted && sae?.has_cached_data === true,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
}

export function useApplyPerturbation(modelId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: { feature_idx: number; alpha: number }) =>
      unwrap(client.POST("/model/{model_id}/sae_perturb", { params: { path: { model_id: modelId } }, body })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: modelKeys.one(modelId), exact: true }),
  });
}

export function useClearPerturbation(modelId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () =>
      unwrap(client.DELETE("/model/{model_id}/intervention", { params: { path: { model_id: modelId } } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: modelKeys.one(modelId), exact: true }),
  });
}
