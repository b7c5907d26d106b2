import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { client, unwrap } from "@/lib/client";
import type { Model, Report } from "@/lib/types";
import { modelKeys } from "@/modules/models/api";
import { runKeys } from "@/modules/runs/api";

export const reportKey = ({ id, sae, activation }: Model) =>
  [...modelKeys.one(id), "report", sae?.id, sae?.tap_index, activation] as const;

/** The newest report on the model's SAE; null while there is none, which is a state and not a failure. */
export function useReport(model: Model) {
  const params = { path: { model_id: model.id } };
  return useQuery({
    queryKey: reportKey(model),
    queryFn: async (): Promise<Report | null> =>
      (await unwrap(client.GET("/model/{model_id}/reports", { params }))).reports[0] ?? null,
    enabled: model.sae?.has_cached_data === true,
    staleTime: Infinity,
  });
}

/** Starts a report, or finds that the same one is there already (then there is no job to follow). */
export function useStartReport(model: Model) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (episodes: number) =>
      unwrap(
        client.POST("/model/{model_id}/report", {
          params: { path: { model_id: model.id } },
          body: { episodes },
        }),
      ),
    onSuccess: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: reportKey(model) }),
        queryClient.invalidateQueries({ queryKey: runKeys.jobs }),
      ]),
  });
}
