import {
  keepPreviousData,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
  type QueryClient,
} from "@tanstack/react-query";

import { client, send, unwrap } from "@/lib/client";
import { forgetTyped } from "@/lib/kept";
import type { EditsReply, Model, Summary } from "@/lib/types";

export const modelKeys = {
  all: ["models"] as const,
  one: (id: string) => ["model", id] as const,
  summary: (id: string) => ["model", id, "summary"] as const,
  edits: (id: string) => ["model", id, "edits"] as const,
  weights: (id: string, key: string) => ["model", id, "weights", key] as const,
};

export const modelsQuery = queryOptions({
  queryKey: modelKeys.all,
  queryFn: async () => (await unwrap(client.GET("/models"))).models,
});

export const demosQuery = queryOptions({
  queryKey: ["demos"],
  queryFn: async () => (await unwrap(client.GET("/demos"))).demos,
  staleTime: Infinity,
});

export const modelQuery = (id: string) =>
  queryOptions({
    queryKey: modelKeys.one(id),
    queryFn: () => unwrap(client.GET("/model/{model_id}", { params: { path: { model_id: id } } })),
  });

export const summaryQuery = (id: string) =>
  queryOptions({
    queryKey: modelKeys.summary(id),
    // The document can only say "list of numbers"; an edge is always [from, to, weight].
    queryFn: () =>
      unwrap(
        client.GET("/model/{model_id}/summary", { params: { path: { model_id: id } } }),
      ) as Promise<Summary>,
  });

export const useModels = () => useQuery(modelsQuery);
export const useDemos = () => useQuery(demosQuery);
export const useModel = (id: string) => useQuery(modelQuery(id));
export const useSummary = (id: string) => useQuery(summaryQuery(id));

export const useEdits = (id: string) =>
  useQuery({
    queryKey: modelKeys.edits(id),
    queryFn: async () =>
      (await unwrap(client.GET("/model/{model_id}/edits", { params: { path: { model_id: id } } }))).edits,
  });

/** A parameter; of a large one the window, with an overview of the rest. */
export const useLayerWeights = (
  id: string,
  key: string,
  window: { row: number; column: number; size: number } | null,
) =>
  useQuery({
    queryKey: [...modelKeys.weights(id, key), window],
    queryFn: () =>
      unwrap(
        client.GET("/model/{model_id}/layer_weights/{key}", {
          params: { path: { model_id: id, key }, query: window ?? {} },
        }),
      ),
    placeholderData: keepPreviousData,
  });

function remember(queryClient: QueryClient, model: Model) {
  queryClient.setQueryData(modelKeys.one(model.id), model);
  return queryClient.invalidateQueries({ queryKey: modelKeys.all });
}

export function useUpload() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async (file: File) => {
      const body = new FormData();
      body.append("file", file);
      return (await (await send("/upload", { method: "POST", body })).json()) as Model;
    },
    onSuccess: (model) => remember(queryClient, model),
  });
}

export function useOpenDemo() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(client.POST("/demo/{demo_id}", { params: { path: { demo_id: id } } })),
    onSuccess: (model) => remember(queryClient, model),
  });
}

export function useRenameModel(id: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      unwrap(client.PATCH("/model/{model_id}", { params: { path: { model_id: id } }, body: { name } })),
    onSuccess: (model) => remember(queryClient, model),
  });
}

export function useDeleteModel() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(client.DELETE("/model/{model_id}", { params: { path: { model_id: id } } })),
    onSuccess: (_, id) => {
      forgetTyped(id);
      queryClient.removeQueries({ queryKey: modelKeys.one(id) });
      return queryClient.invalidateQueries({ queryKey: modelKeys.all });
    },
  });
}

export type WeightChange =
  | { kind: "perturb"; key: string; op: "scale" | "add_noise" | "set"; value: number; seed?: number }
  | { kind: "edit_at"; key: string; index: number[]; value: number }
  | { kind: "undo" }
  | { kind: "reset" };

function applyChange(id: string, change: WeightChange): Promise<EditsReply> {
  const params = { path: { model_id: id } };
  if (change.kind === "undo") return unwrap(client.POST("/model/{model_id}/undo", { params }));
  if (change.kind === "reset") return unwrap(client.POST("/model/{model_id}/reset", { params }));
  const { kind, ...body } = change;
  return kind === "perturb"
    ? unwrap(
        client.POST("/model/{model_id}/perturb", {
          params,
          body: body as { key: string; op: "set"; value: number },
        }),
      )
    : unwrap(
        client.POST("/model/{model_id}/edit_at", {
          params,
          body: body as { key: string; index: number[]; value: number },
        }),
      );
}

/** Any change of weights changes the drawing, the features and the next run: everything of this model is read again. */
export function useWeightChange(id: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (change: WeightChange) => applyChange(id, change),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: modelKeys.one(id) }),
  });
}
