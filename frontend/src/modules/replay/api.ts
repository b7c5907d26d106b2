import { queryOptions, useQuery, type QueryClient } from "@tanstack/react-query";

import { client, send, unwrap } from "@/lib/client";

import { decodeMoment, decodeReplay, type Moment } from "./decode";

const sceneQuery = (runId: string) =>
  queryOptions({
    queryKey: ["scene", runId],
    queryFn: () => unwrap(client.GET("/run/{run_id}/scene", { params: { path: { run_id: runId } } })),
    staleTime: Infinity,
    retry: false,
  });

export const useScene = (runId: string) => useQuery(sceneQuery(runId));

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

const replayQuery = (runId: string, seed: number | undefined, arms: readonly string[]) =>
  queryOptions({
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

/** The recorded steps of one seed under some of the arms. */
export const useReplay = (runId: string, seed: number | undefined, arms: readonly string[]) =>
  useQuery(replayQuery(runId, seed, arms));

/** Asks at once for all that a replay of the first seed needs: one after another would be two round trips more. */
export function readAhead(queryClient: QueryClient, runId: string, seed: number, arms: readonly string[]) {
  const told = () => undefined; // whoever shows the replay says why it cannot be read
  void queryClient.query(sceneQuery(runId)).catch(told);
  void queryClient.query(replayQuery(runId, seed, arms)).catch(told);
}
