import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { API_URL, client, send, unwrap } from "@/lib/client";
import { saveBlob } from "@/lib/save";
import { token } from "@/lib/token";
import type { ImportReport } from "@/lib/types";
import { uploadFile, type Sent } from "@/lib/upload";
import { runKeys } from "@/modules/runs/api";

/** Starts writing the file; null is everything. */
export function useExport() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (model: string | null) =>
      unwrap(client.POST("/workspace/export", { body: { model_id: model } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: runKeys.jobs }),
  });
}

/** To disk as it comes; only where a token is needed the page has to hold it first. */
export async function downloadWorkspace(exportId: string): Promise<void> {
  const path = `/workspace/export/${encodeURIComponent(exportId)}`;
  if (token.read() !== null) {
    saveBlob(await (await send(path)).blob(), "workspace.zip");
    return;
  }
  const link = document.createElement("a");
  link.href = `${API_URL}${path}`;
  link.download = "workspace.zip";
  link.click();
}

/** Everything may have changed afterwards. `sent`: how much of the file is on the server, while it goes there. */
export function useImport() {
  const queryClient = useQueryClient();
  const [sent, setSent] = useState<Sent | null>(null);
  const take = useMutation({
    mutationFn: (file: File) => uploadFile<ImportReport>("/workspace/import", file, setSent),
    onMutate: () => setSent(null),
    onSuccess: () => queryClient.invalidateQueries(),
  });
  return { ...take, sent: take.isPending ? sent : null };
}
