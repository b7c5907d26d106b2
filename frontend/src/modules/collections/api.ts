import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";

import { client, send, unwrap } from "@/lib/client";
import { saveBlob, fileName } from "@/lib/save";
import type { Collection, Model } from "@/lib/types";
import { modelKeys } from "@/modules/models/api";

export const BOOKMARKS = "bookmarks";

const keyOf = (model: Model) => [...modelKeys.one(model.id), "collections", model.sae?.id] as const;

/** The collections of the model's SAE, bookmarks first. */
export const useCollections = (model: Model) =>
  useQuery({
    queryKey: keyOf(model),
    queryFn: async () =>
      (
        await unwrap(
          client.GET("/model/{model_id}/collections", { params: { path: { model_id: model.id } } }),
        )
      ).collections,
    enabled: model.sae !== null,
    staleTime: 60_000,
  });

/** Features with a star, as far as they are known. */
export function useBookmarked(model: Model): ReadonlySet<number> {
  const { data } = useCollections(model);
  return new Set(data?.[0]?.features.map(({ feature_idx }) => feature_idx));
}

export interface Placing {
  collection: string;
  feature: number;
  /** null takes the feature out; undefined leaves what is noted. */
  note?: string | null;
}

async function place(model: Model, { collection, feature, note }: Placing): Promise<unknown> {
  const path = { model_id: model.id, collection_id: collection, feature_idx: feature };
  const at = "/model/{model_id}/collection/{collection_id}/feature/{feature_idx}";
  return note === null
    ? unwrap(client.DELETE(at, { params: { path } }))
    : unwrap(client.PUT(at, { params: { path }, body: { note } }));
}

/** The list as it will be, so that a star answers at once. */
function placed(list: Collection[], { collection, feature, note }: Placing): Collection[] {
  return list.map((each) => {
    if (each.id !== collection && !(collection === BOOKMARKS && each.bookmarks)) return each;
    const others = each.features.filter(({ feature_idx }) => feature_idx !== feature);
    if (note === null) return { ...each, features: others };
    const there = each.features.find(({ feature_idx }) => feature_idx === feature);
    const added_at = new Date().toISOString();
    const entry = there ?? {
      feature_idx: feature,
      note: "",
      added_at,
      name: null,
      effect: null,
      density: null,
    };
    const changed = { ...entry, note: note ?? entry.note };
    return {
      ...each,
      features: there
        ? each.features.map((one) => (one === there ? changed : one))
        : [...each.features, changed],
    };
  });
}

/** Lists and filtered tables are read again. */
const again = (queryClient: QueryClient, model: Model) =>
  Promise.all([
    queryClient.invalidateQueries({ queryKey: keyOf(model) }),
    queryClient.invalidateQueries({
      predicate: ({ queryKey }) => queryKey[1] === model.id && queryKey.some((part) => isFiltered(part)),
    }),
  ]);

const isFiltered = (part: unknown) =>
  typeof part === "object" && part !== null && "collection" in part && part.collection !== undefined;

/** Puts a feature into a collection, notes something of it there, or takes it out. */
export function usePlace(model: Model) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (placing: Placing) => place(model, placing),
    onMutate: async (placing) => {
      await queryClient.cancelQueries({ queryKey: keyOf(model) });
      const before = queryClient.getQueryData<Collection[]>(keyOf(model));
      if (before) queryClient.setQueryData(keyOf(model), placed(before, placing));
      return before;
    },
    onError: (_, __, before) => {
      if (before) queryClient.setQueryData(keyOf(model), before);
    },
    onSettled: () => again(queryClient, model),
  });
}

export interface NewCollection {
  name: string;
  features: { feature_idx: number; note: string }[];
}

export function useCreateCollection(model: Model) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: NewCollection) =>
      unwrap(
        client.POST("/model/{model_id}/collections", { params: { path: { model_id: model.id } }, body }),
      ),
    onSuccess: () => again(queryClient, model),
  });
}

export function useRenameCollection(model: Model, id: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      unwrap(
        client.PATCH("/model/{model_id}/collection/{collection_id}", {
          params: { path: { model_id: model.id, collection_id: id } },
          body: { name },
        }),
      ),
    onSuccess: () => again(queryClient, model),
  });
}

export function useDeleteCollection(model: Model) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(
        client.DELETE("/model/{model_id}/collection/{collection_id}", {
          params: { path: { model_id: model.id, collection_id: id } },
        }),
      ),
    onSuccess: () => again(queryClient, model),
  });
}

export async function downloadCollection(model: Model, { id, name }: Collection) {
  const path = `/model/${encodeURIComponent(model.id)}/collection/${encodeURIComponent(id)}/features.csv`;
  saveBlob(await (await send(path)).blob(), `${fileName(name) || "collection"}.csv`);
}
