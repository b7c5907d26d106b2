import { useQuery } from "@tanstack/react-query";

import { client, send, unwrap } from "@/lib/client";

import { decodeMoment, decodeReplay, type Moment } from "./decode";

export const useScene = (runId: string) =>
  useQuery({
    queryKey: ["scene", runId],
    queryFn: () => unwrap(client.GET("/run/{run_id}/scene", { params: { path: { run_id: runId } } })),
    staleTime: Infinity,
    retry: false,
  });

/** How to draw an environment, where a moment of its cached episodes is on show. */
export const useDrawing = (env: string | null) =>
  useQuery({
    queryKey: ["drawing", env],
    queryFn: () => unwrap(client.GET("/env/{env_id}/scene", { params: { path: { env_id: env ?? "" } } })),
    enabled: env !== null,
    staleTime: Infinity,
  });

/** What was cached around a row: poses, actions, contacts and one feature. */
export async function readMoment(modelId: string, feature: number, row: number): Promise<Moment> {
  const response = await send(
    `/model/${encodeURIComponent(modelId)}/feature/${String(feature)}/clip?row=${String(row)}`,
  );
  return decodeMoment(await response.arrayBuffer());
}

/** The recorded steps of one seed under some of the arms. */
export const useReplay = (runId: string, seed: number | undefined, arms: readonly string[]) =>
  useQuery({
    queryKey: ["replay", runId, seed, ...arms],
    queryFn: async () => {
      const query = new URLSearchParams({ seed: String(seed) });
      for (const arm of arms) query.append("arms", arm);
      const response = await send(`/run/${encodeURIComponent(runId)}/replay?${query.toString()}`);
      return decodeReplay(await response.arrayBuffer());
    },
    enabled: seed !== undefined,
    staleTime: Infinity,
    retry: false,
  });
