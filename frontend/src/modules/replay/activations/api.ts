import { useQueries, useQuery } from "@tanstack/react-query";

import { send } from "@/lib/client";
import { saveBlob } from "@/lib/save";

import { decodeUnits } from "../decode";

const address = (runId: string, seed: number, more: string, kind = "") =>
  `/run/${encodeURIComponent(runId)}/activations${kind}?seed=${String(seed)}${more}`;

const layerQuery = (runId: string, seed: number, layer: number) => ({
  queryKey: ["activations", runId, seed, layer],
  queryFn: async () => {
    const response = await send(address(runId, seed, `&layer=${String(layer)}`));
    return decodeUnits(await response.arrayBuffer());
  },
  staleTime: Infinity,
  retry: false,
});

/** Every layer of one seed under every arm. The first answer says how many there are; then the others are read. */
export function useLayers(runId: string, seed: number) {
  const first = useQuery(layerQuery(runId, seed, 0));
  const others = first.data?.layers.slice(1) ?? [];
  const rest = useQueries({ queries: others.map(({ index }) => layerQuery(runId, seed, index)) });
  return [first, ...rest];
}

export async function saveLayer(runId: string, seed: number, layer: number) {
  const response = await send(address(runId, seed, `&layer=${String(layer)}`, ".csv"));
  saveBlob(await response.blob(), `${runId}-seed-${String(seed)}-layer-${String(layer)}.csv`);
}

export async function saveLayers(runId: string, seed: number) {
  const response = await send(address(runId, seed, "", ".npz"));
  saveBlob(await response.blob(), `${runId}-seed-${String(seed)}-activations.npz`);
}
