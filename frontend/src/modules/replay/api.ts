import { useQuery } from "@tanstack/react-query";

import { client, send, unwrap } from "@/lib/client";

import { decodeReplay } from "./decode";

export const useScene = (runId: string) =>
  useQuery({
    queryKey: ["scene", runId],
    queryFn: () => unwrap(client.GET("/run/{run_id}/scene", { params: { path: { run_id: runId } } })),
    staleTime: Infinity,
    retry: false,
  });

/** The recorded steps of one seed under every arm. */
export const useReplay = (runId: string, seed: number | undefined) =>
  useQuery({
    queryKey: ["replay", runId, seed],
    queryFn: async () => {
      const response = await send(`/run/${encodeURIComponent(runId)}/replay?seed=${String(seed)}`);
      return decodeReplay(await response.arrayBuffer());
    },
    enabled: seed !== undefined,
    staleTime: Infinity,
    retry: false,
  });
