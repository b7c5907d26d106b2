import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { client, unwrap } from "@/lib/client";
import { modelKeys } from "@/modules/models/api";

export const useSaes = (modelId: string) =>
  useQuery({
    queryKey: [...modelKeys.one(modelId), "saes"],
    queryFn: () => unwrap(client.GET("/model/{model_id}/saes", { params: { path: { model_id: modelId } } })),
  });

export const useComparison = (modelId: string, first: string, second: string | undefined) =>
  useQuery({
    queryKey: [...modelKeys.one(modelId), "saes", first, second],
    queryFn: () =>
      unwrap(
        client.GET("/model/{model_id}/saes/compare", {
          params: { path: { model_id: modelId }, query: { first, second: second ?? "" } },
        }),
      ),
    enabled: second !== undefined,
    staleTime: Infinity,
    retry: false,
  });

/** Another SAE has other features, so everything of the model is read again. */
export function useActivateSae(modelId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (sae_id: string) =>
      unwrap(
        client.PUT("/model/{model_id}/saes/active", {
          params: { path: { model_id: modelId } },
          body: { sae_id },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: modelKeys.one(modelId) }),
  });
}
