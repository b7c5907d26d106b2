import type { Model } from "@/lib/types";
import type { View } from "@/lib/view";

/** What is pushed: chosen in the address, else what is stored; and whether the two differ. */
export function pushOf(view: View, { intervention }: Model) {
  const kept = intervention ?? { feature_idx: undefined, alpha: undefined };
  const feature = view.feature ?? kept.feature_idx;
  const alpha = view.alpha ?? kept.alpha ?? 0;
  const stored = kept.feature_idx === feature ? kept.alpha : undefined;
  const unapplied = feature !== undefined && view.alpha !== undefined && stored !== alpha;
  return { feature, alpha, unapplied, ofFeature: view.alpha ?? stored ?? undefined };
}
