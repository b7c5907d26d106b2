import { useQuery } from "@tanstack/react-query";

import { client, unwrap } from "@/lib/client";
import type { LiveOpened, LiveRequest, LiveSteps, LiveStepsRequest, Model } from "@/lib/types";

import { openMujoco } from "./loader";
import type { Start } from "./session";

export const usePhysics = (env: string | null) =>
  useQuery({
    queryKey: ["physics", env],
    queryFn: () => unwrap(client.GET("/env/{env_id}/physics", { params: { path: { env_id: env ?? "" } } })),
    enabled: env !== null,
    staleTime: Infinity,
  });

/** Policy and SAE; another SAE, activation or weight edit is another network. */
export const useNetwork = (model: Model, env: string | null) =>
  useQuery({
    queryKey: [
      "network",
      model.id,
      env,
      model.sae?.id,
      model.sae?.tap_index,
      model.activation,
      model.n_edits,
    ],
    queryFn: () =>
      unwrap(
        client.GET("/model/{model_id}/network", {
          params: { path: { model_id: model.id }, query: { env: env ?? "" } },
        }),
      ),
    enabled: env !== null && model.sae !== null,
    staleTime: Infinity,
    gcTime: 0, // weights may be edited and undone, which leaves the number of edits the same
  });

export const useMujoco = () =>
  useQuery({ queryKey: ["mujoco"], queryFn: openMujoco, staleTime: Infinity, gcTime: Infinity, retry: 1 });

export async function fetchStarts(
  modelId: string,
  env: string,
  kind: Start["kind"],
  seed: number,
  episodes = 1,
): Promise<Start[]> {
  const found = await unwrap(
    client.GET("/model/{model_id}/starts", {
      params: { path: { model_id: modelId }, query: { env, kind, seed, episodes } },
    }),
  );
  return found.states.map((state, index) => ({ kind, seed: found.seeds[index] ?? seed, state }));
}

export const openLive = (body: LiveRequest): Promise<LiveOpened> => unwrap(client.POST("/live", { body }));

export const stepLive = (id: string, body: LiveStepsRequest): Promise<LiveSteps> =>
  unwrap(client.POST("/live/{live_id}/steps", { params: { path: { live_id: id } }, body }));

/** Nobody waits for it, and the server also ends what nobody steps. */
export const closeLive = (id: string) =>
  void client
    .DELETE("/live/{live_id}", { params: { path: { live_id: id } }, keepalive: true })
    .catch(() => undefined);
