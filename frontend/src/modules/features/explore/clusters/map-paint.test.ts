import { expect, test } from "vitest";

import { watchedCanvas } from "@/testing/canvas";

import { HEIGHT, paintMap, place, type Points } from "./map-paint";

const POINTS = [
  { feature_idx: 7, x: 1, y: 2, cluster: 1, silhouette: 0.4 },
  { feature_idx: 8, x: -1, y: -2, cluster: null, silhouette: null },
  { feature_idx: 9, x: 0, y: 0, cluster: 0, silhouette: 0.2 },
] as Points;
const LOOK = { width: 300, scheme: "light", feature: undefined, cluster: null };

test("the map fills its box with y upwards, and what has no group lies below the groups", () => {
  const points = place(POINTS, 300);
  expect(points.map(({ feature }) => feature)).toEqual([8, 9, 7]);
  const [low, middle, high] = points;
  expect([low?.x, low?.y]).toEqual([18, HEIGHT - 18]);
  expect([high?.x, high?.y]).toEqual([282, 18]);
  expect([middle?.x, middle?.y]).toEqual([150, HEIGHT / 2]);
});

test("groups have colours of their own, and those beside the chosen one fade", () => {
  const { canvas, calls } = watchedCanvas();
  paintMap(canvas, place(POINTS, 300), { ...LOOK, cluster: 1 });
  const filled = calls("fill");
  expect(filled.map(({ alpha }) => alpha)).toEqual([0.14, 0.14, 0.9]);
  expect(new Set(filled.map(({ fill }) => fill)).size).toBe(3);
  expect(calls("stroke")).toHaveLength(0);
});

test("the open feature has a ring, and many points are drawn smaller", () => {
  const { canvas, calls } = watchedCanvas();
  paintMap(canvas, place(POINTS, 300), { ...LOOK, feature: 9 });
  expect(calls("stroke")).toHaveLength(1);
  expect(calls("arc").map(({ given }) => given.slice(0, 3))).toContainEqual([150, HEIGHT / 2, 9]);
  const many = Array.from({ length: 2001 }, (_, index) => ({ ...POINTS[0]!, feature_idx: index, x: index }));
  const crowd = watchedCanvas();
  paintMap(crowd.canvas, place(many, 300), LOOK);
  expect(crowd.calls("arc")[0]?.given[2]).toBe(2);
});
