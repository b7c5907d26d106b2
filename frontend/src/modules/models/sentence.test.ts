import { expect, test } from "vitest";

import type { Summary } from "@/lib/types";

import { networkSentence, weightsSentence } from "./sentence";

const layers = [{ size: 17 }, { size: 1024 }] as Summary["layers"];
const between = (edges: number[][]) =>
  [{ from_layer: 0, to_layer: 1, edges, max_abs: 2 }] as Summary["connections"];

test("the strongest weight of the drawing, with its sign and place", () => {
  const edges = [
    [3, 5, 1],
    [2, 900, -2],
  ];
  expect(networkSentence({ layers, connections: between(edges) })).toBe(
    "17 → 1,024 units; the strongest weight is −2, from unit 2 of layer 0 to unit 900 of layer 1. Of the strongest weights 50\u00a0% are positive.",
  );
  expect(networkSentence({ layers, connections: [] })).toBe("17 → 1,024 units; no weights are known.");
});

test("how the weights of a parameter lie", () => {
  const stats = (mean: number | null, std: number, min: number, max: number, edited: number[][] = []) =>
    weightsSentence({ stats: { mean, std, min, max }, edited });
  expect(stats(0.01, 0.5, -1.2, 1)).toBe(
    "The weights lie about zero, SD 0.5; the largest is −1.2, 2.4 SD from the mean.",
  );
  expect(stats(-2, 0.5, -6, 0, [[0, 1]])).toBe(
    "The weights lie to the negative side, SD 0.5; the largest is −6, 8 SD from the mean, far outside the rest. 1 in view edited.",
  );
  expect(stats(3, 0, 3, 3)).toBe("Every weight is 3.");
  expect(stats(null, 0, 0, 0)).toBe("It has no finite weights to describe.");
});
