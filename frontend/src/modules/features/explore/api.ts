import { keepPreviousData, useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";

import type { paths } from "@/lib/api-types";
import { client, unwrap } from "@/lib/client";
import type { TableView } from "@/lib/table-view";
import type { Clusters, Model, Note, TablePage } from "@/lib/types";
import { modelKeys } from "@/modules/models/api";
import { readMoment } from "@/modules/replay/api";
import { runKeys } from "@/modules/runs/api";

type Query = NonNullable<paths["/model/{model_id}/features"]["get"]["parameters"]["query"]>;

export const PAGE_SIZE = 200;
const EXPORT_SIZE = 500;

/** All that was learned about the features: depends on the SAE, its tap and the activation. */
export const analysisKey = ({ id, sae, activation }: Model) =>
  [...modelKeys.one(id), "analysis", sae?.id, sae?.tap_index, activation] as const;

export const queryOf = (view: TableView): Query => ({
  target: view.target ?? "action:0",
  sort_by: (view.sort ?? (view.search ? "match" : "ablation_effect")) as Query["sort_by"],
  order: view.order,
  alive: view.alive,
  search: view.search,
  badge: view.badge as Query["badge"],
  collection: view.collection,
  min_percentile: view.percentile,
  max_q: view.q,
});

/** The best few features that fit some words; none before the features are analysed. */
export const searchQuery = (modelId: string, words: string) => ({
  queryKey: [...modelKeys.one(modelId), "feature-search", words] as const,
  queryFn: async () => {
    const path = { model_id: modelId };
    const { state } = await unwrap(client.GET("/model/{model_id}/analysis", { params: { path } }));
    if (state !== "done") return [];
    const page = await readPage(modelId, { search: words, sort_by: "match", page_size: 6 });
    return page.features;
  },
  staleTime: 60_000,
  retry: false,
});

const readPage = (modelId: string, query: Query, signal?: AbortSignal) =>
  unwrap(
    client.GET("/model/{model_id}/features", { params: { path: { model_id: modelId }, query }, signal }),
  );

/** What has not been made yet, which is a state and not a failure: the job that makes it now, if one does. */
export interface NotMade {
  notMade: string | null;
}

/** The first page, once there is one. */
export function useFirstPage(model: Model, view: TableView) {
  const query = queryOf(view);
  return useQuery({
    queryKey: [...analysisKey(model), "table", query, 1],
    queryFn: async (): Promise<TablePage | NotMade> => {
      const { state, job_id } = await unwrap(
        client.GET("/model/{model_id}/analysis", { params: { path: { model_id: model.id } } }),
      );
      if (state !== "done") return { notMade: job_id };
      return readPage(model.id, { ...query, page: 1, page_size: PAGE_SIZE });
    },
    enabled: model.sae?.has_cached_data === true,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}

/** Further pages, those on screen only: a wide SAE has more rows than anybody scrolls through. */
export function usePages(model: Model, view: TableView, pages: number[]) {
  const query = queryOf(view);
  return useQueries({
    queries: pages.map((page) => ({
      queryKey: [...analysisKey(model), "table", query, page],
      // a page that was scrolled past before it came is not waited for
      queryFn: ({ signal }) => readPage(model.id, { ...query, page, page_size: PAGE_SIZE }, signal),
      staleTime: 60_000,
    })),
  });
}

/** Every row that passes the filters, in order, for the file. */
export async function allRows(modelId: string, view: TableView) {
  const read = (page: number) => readPage(modelId, { ...queryOf(view), page, page_size: EXPORT_SIZE });
  const first = await read(1);
  const rows = [...first.features];
  for (let page = 2; page <= first.pages; page++) rows.push(...(await read(page)).features);
  return { rows, target: first.target };
}

export function useStartAnalysis(model: Model) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () =>
      unwrap(client.POST("/model/{model_id}/analyse", { params: { path: { model_id: model.id } } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: runKeys.jobs }),
  });
}

const dashboardKey = (model: Model, feature: number) => [...analysisKey(model), "feature", feature] as const;

export const useDashboard = (model: Model, feature: number) =>
  useQuery({
    queryKey: dashboardKey(model, feature),
    queryFn: () =>
      unwrap(
        client.GET("/model/{model_id}/feature/{feature_idx}", {
          params: { path: { model_id: model.id, feature_idx: feature } },
        }),
      ),
    staleTime: 60_000,
  });

/** What was cached around an example: poses, and the actions that the list leaves out. */
export const useMoment = (model: Model, feature: number, row: number, wanted: boolean) =>
  useQuery({
    queryKey: [...dashboardKey(model, feature), "moment", row],
    queryFn: () => readMoment(model.id, feature, row),
    enabled: wanted,
    staleTime: Infinity,
  });

export type NoteText = Pick<Note, "name" | "text" | "tags">;

export function usePutNote(model: Model, feature: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: NoteText) =>
      unwrap(
        client.PUT("/model/{model_id}/feature/{feature_idx}/note", {
          params: { path: { model_id: model.id, feature_idx: feature } },
          body,
        }),
      ),
    onSuccess: (note) => {
      queryClient.setQueryData(
        dashboardKey(model, feature),
        (old: object | undefined) => old && { ...old, note },
      );
      return queryClient.invalidateQueries({ queryKey: [...analysisKey(model), "table"] });
    },
  });
}

type Clustering = NonNullable<paths["/model/{model_id}/clusters"]["get"]["parameters"]["query"]>;
export type ClusterView = NonNullable<Clustering["view"]>;

/** Groups and their map, once they are made. */
export const useClusters = (model: Model, wanted: Clustering) =>
  useQuery({
    queryKey: [...analysisKey(model), "clusters", wanted],
    queryFn: async (): Promise<Clusters | NotMade> => {
      const params = { path: { model_id: model.id }, query: wanted };
      const { state, job_id } = await unwrap(client.GET("/model/{model_id}/clustering", { params }));
      if (state !== "done") return { notMade: job_id };
      return unwrap(client.GET("/model/{model_id}/clusters", { params }));
    },
    staleTime: Infinity,
  });

export function useMakeClusters(model: Model, body: Clustering) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () =>
      unwrap(client.POST("/model/{model_id}/clusters", { params: { path: { model_id: model.id } }, body })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: runKeys.jobs }),
  });
}
