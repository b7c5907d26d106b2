import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { client, send, sendJson, unwrap } from "@/lib/client";
import type { SaeInfo, WarningFix } from "@/lib/types";
import { modelKeys } from "@/modules/models/api";

import { saeParts } from "./files";

export const useArtifacts = (modelId: string) =>
  useQuery({
    queryKey: ["artifacts", modelId],
    queryFn: () => unwrap(client.GET("/artifacts", { params: { query: { model_id: modelId } } })),
  });

/** A new SAE replaces the features and the stored intervention, so the whole model is read again. The caller is told at once: what it does must not come after the next click. */
export function useLoadSae(modelId: string, onLoaded: (sae: SaeInfo) => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: { artifacts_dir: string; tap_index?: number }): Promise<SaeInfo> =>
      unwrap(client.POST("/model/{model_id}/load_sae", { params: { path: { model_id: modelId } }, body })),
    onSuccess: (sae) => {
      onLoaded(sae);
      return queryClient.invalidateQueries({ queryKey: modelKeys.one(modelId) });
    },
  });
}

export interface SaeFiles {
  files: File[];
  /** Only where the file names none: what it says comes first. */
  tap?: number;
}

/** The weights, and the .json beside them where the library writes one. */
export function useUploadSae(modelId: string, onLoaded: (sae: SaeInfo) => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async ({ files, tap }: SaeFiles) => {
      const body = new FormData();
      for (const [part, file] of saeParts(files)) body.append(part, file);
      if (tap !== undefined) body.append("tap_index", String(tap));
      return (await (await send(`/model/${modelId}/sae`, { method: "POST", body })).json()) as SaeInfo;
    },
    onSuccess: (sae) => {
      onLoaded(sae);
      return queryClient.invalidateQueries({ queryKey: modelKeys.one(modelId) });
    },
  });
}

/** Sends the request that the server attached to its own warning. */
export function useApplyFix(modelId: string, onFixed: () => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (fix: WarningFix) => sendJson<unknown>(fix.method, fix.path, fix.body),
    onSuccess: () => {
      onFixed();
      return queryClient.invalidateQueries({ queryKey: modelKeys.one(modelId) });
    },
  });
}
