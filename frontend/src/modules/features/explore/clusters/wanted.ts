// Which grouping is on screen: what makes features alike, and how they are drawn.
import type { TableView } from "@/lib/table-view";

import type { ClusterView } from "../api";

export interface Shares {
  decoder: number;
  coactivation: number;
  function: number;
}

export interface Wanted extends Partial<Shares> {
  view: ClusterView;
  map: "pca" | "umap";
}

export const VIEWS: { value: ClusterView; label: string }[] = [
  { value: "combined", label: "All three" },
  { value: "decoder", label: "Decoder" },
  { value: "coactivation", label: "Co-activation" },
  { value: "function", label: "Function" },
  { value: "custom", label: "Own weights" },
];

export const ALIKE: Record<ClusterView, string> = {
  combined:
    "Similarity = 0.4 decoder cosine + 0.3 co-activation φ + 0.3 cosine of effects; negatives count as 0.",
  decoder: "Similarity = cosine of decoder directions: what the features write.",
  coactivation: "Similarity = co-activation φ: when the features fire together, beyond how often each fires.",
  function: "Similarity = cosine of mean effects on the actions: what the features do.",
  custom: "Similarity = your weights of the three, divided by their sum; negatives count as 0.",
};

/** The weights in the address, else all alike. */
export function sharesOf({ shares = [1, 1, 1] }: TableView): Shares {
  const [decoder, coactivation, effect] = shares;
  return { decoder, coactivation, function: effect };
}

/** What is asked of the server; the weights only where they count. */
export const wantedOf = (view: ClusterView, map: Wanted["map"], shares: Shares): Wanted =>
  view === "custom" ? { view, map, ...shares } : { view, map };
