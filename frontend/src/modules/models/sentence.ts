// What the drawings of a network's weights say, computed from what they draw.
import { count, num, percent } from "@/lib/format";
import type { LayerWeights, Summary } from "@/lib/types";

/** The strongest weight between two layers, and between which layers the weights are largest. */
export function networkSentence({ layers, connections }: Pick<Summary, "layers" | "connections">): string {
  const sizes = layers.map(({ size }) => count(size)).join(" → ");
  const edges = connections.flatMap(({ from_layer, to_layer, edges: between }) =>
    between.map(([source, target, weight]) => ({
      from_layer,
      to_layer,
      source,
      target,
      weight,
    })),
  );
  if (edges.length === 0) return `${sizes} units; no weights are known.`;
  const most = edges.reduce((a, b) => (Math.abs(b.weight) > Math.abs(a.weight) ? b : a));
  const positive = edges.filter(({ weight }) => weight > 0).length / edges.length;
  return `${sizes} units; the strongest weight is ${num(most.weight, 3)}, from unit ${String(most.source)} of layer ${String(most.from_layer)} to unit ${String(most.target)} of layer ${String(most.to_layer)}. Of the strongest weights ${percent(positive, 0)} are positive.`;
}

/** How the weights of a parameter lie: about zero or to one side, how wide, and how far its largest stands out. */
export function weightsSentence({ stats, edited }: Pick<LayerWeights, "stats" | "edited">): string {
  const { mean, std, min, max } = stats;
  if (mean === null || std === null || min === null || max === null)
    return "It has no finite weights to describe.";
  if (std === 0) return `Every weight is ${num(mean, 3)}.`;
  const side =
    Math.abs(mean) < std / 4 ? "lie about zero" : `lie to the ${mean > 0 ? "positive" : "negative"} side`;
  const most = Math.abs(min) > Math.abs(max) ? min : max;
  const far = Math.abs(most - mean) / std;
  const out = `${num(far, 2)} SD from the mean${far > 5 ? ", far outside the rest" : ""}`;
  const changed = edited.length > 0 ? ` ${count(edited.length)} in view edited.` : "";
  return `The weights ${side}, SD ${num(std, 3)}; the largest is ${num(most, 3)}, ${out}.${changed}`;
}
