import type { Model } from "@/lib/types";

import { useArtifacts } from "./api";
import { bestDirectory } from "./directories";

/** Where the tap stands: moved by hand, else where the SAE sits, else where the best fitting SAE was trained. */
export function useTap(model: Model, moved: number | undefined): number | null {
  const { data } = useArtifacts(model.id);
  if (moved !== undefined) return moved;
  return model.sae?.tap_index ?? (data ? bestDirectory(data.directories, model)?.tap_index : null) ?? null;
}
