import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { client, send, unwrap } from "@/lib/client";
import type { Acting, ActingChange } from "@/lib/types";

import { modelKeys } from "./api";

const params = (id: string) => ({ params: { path: { model_id: id } } });

export const useActing = (id: string) =>
  useQuery({
    queryKey: [...modelKeys.one(id), "acting"],
    queryFn: () => unwrap(client.GET("/model/{model_id}/acting", params(id))),
  });

/** A model that acts otherwise has other features and other runs: everything of it is read again. */
function useActingMutation<T>(id: string, mutationFn: (what: T) => Promise<Acting>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: modelKeys.one(id) }),
  });
}

export const useChangeActing = (id: string) =>
  useActingMutation(id, (body: ActingChange) =>
    unwrap(client.PATCH("/model/{model_id}/acting", { ...params(id), body })),
  );

export const useResetActing = (id: string) =>
  useActingMutation(id, () => unwrap(client.DELETE("/model/{model_id}/acting", params(id))));

export const useAttachNormalisation = (id: string) =>
  useActingMutation(id, async (file: File) => {
    const body = new FormData();
    body.append("file", file);
    return (await (await send(`/model/${id}/vec_normalize`, { method: "POST", body })).json()) as Acting;
  });
