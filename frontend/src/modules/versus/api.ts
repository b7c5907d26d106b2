import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { client, unwrap } from "@/lib/client";
import type { Model } from "@/lib/types";
import { modelKeys } from "@/modules/models/api";
import { runKeys } from "@/modules/runs/api";

/** What can be said of two models without playing them; their edits and SAEs are part of the question. */
export const useModelComparison = (model: Model, other: string) =>
  useQuery({
    queryKey: [...modelKeys.one(model.id), "versus", other],
    queryFn: () =>
      unwrap(
        client.GET("/model/{model_id}/compare", {
          params: { path: { model_id: model.id }, query: { other } },
        }),
      ),
    retry: false,
  });

export interface Wanted {
  other: string;
  env: string;
  episodes: number;
}

/** Both on the same seeds: a run like any other. */
export function usePlayBoth(modelId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: Wanted) =>
      unwrap(client.POST("/model/{model_id}/compare", { params: { path: { model_id: modelId } }, body })),
    onSuccess: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: runKeys.list(modelId) }),
        queryClient.invalidateQueries({ queryKey: runKeys.jobs }),
      ]),
  });
}
