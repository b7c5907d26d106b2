import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { client, unwrap } from "@/lib/client";
import type { Model, SavedView } from "@/lib/types";

const VIEWS = ["views"] as const;

/** Named addresses, newest first. */
export const useSavedViews = () =>
  useQuery({
    queryKey: VIEWS,
    queryFn: async () => (await unwrap(client.GET("/views"))).views,
    staleTime: 60_000,
  });

/** The address on screen, with the SAE that its features are of. */
export function addressOf(location: Location, model: Pick<Model, "sae"> | undefined): string {
  const url = new URL(location.href);
  if (model?.sae) url.searchParams.set("sae", model.sae.id);
  return url.href;
}

/** The part of an address that is kept. */
export const queryOf = (address: string) => new URL(address, "http://localhost").search;

function useChange<T>(change: (value: T) => Promise<unknown>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: VIEWS }),
  });
}

export const useSaveView = () =>
  useChange((body: { name: string; address: string; model_id: string | null }) =>
    unwrap(client.POST("/views", { body })),
  );

export const useRenameView = () =>
  useChange(({ id, name }: Pick<SavedView, "id" | "name">) =>
    unwrap(client.PATCH("/view/{view_id}", { params: { path: { view_id: id } }, body: { name } })),
  );

export const useDeleteView = () =>
  useChange((id: string) => unwrap(client.DELETE("/view/{view_id}", { params: { path: { view_id: id } } })));
