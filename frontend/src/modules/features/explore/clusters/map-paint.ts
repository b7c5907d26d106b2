// Places and paints the map of the features: up to tens of thousands of points on one canvas.
import { scaleLinear } from "d3-scale";

import type { Clusters } from "@/lib/types";

import { groupColor } from "./palette";

export const HEIGHT = 400;
const PAD = 18;
const MANY = 2000;

export type Points = NonNullable<Clusters["map"]>["points"];

export interface MapPoint {
  feature: number;
  /** Null where the features were too many for this one to be grouped. */
  cluster: number | null;
  silhouette: number | null;
  x: number;
  y: number;
}

function extent(points: Points, read: (point: Points[number]) => number | null): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const point of points) {
    const value = read(point) ?? 0;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Where each point lies; those of no group come first, so that the groups are drawn over them. */
export function place(points: Points, width: number): MapPoint[] {
  const x = scaleLinear()
    .domain(extent(points, (point) => point.x))
    .range([PAD, width - PAD]);
  const y = scaleLinear()
    .domain(extent(points, (point) => point.y))
    .range([HEIGHT - PAD, PAD]);
  return points
    .map((point) => ({
      feature: point.feature_idx,
      cluster: point.cluster,
      silhouette: point.silhouette,
      x: x(point.x ?? 0),
      y: y(point.y ?? 0),
    }))
    .sort((a, b) => (a.cluster ?? -1) - (b.cluster ?? -1));
}

export interface Look {
  width: number;
  scheme: string;
  feature: number | undefined;
  cluster: number | null;
}

export function paintMap(canvas: HTMLCanvasElement, points: readonly MapPoint[], look: Look) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const dense = window.devicePixelRatio || 1;
  canvas.width = look.width * dense;
  canvas.height = HEIGHT * dense;
  context.scale(dense, dense);
  const style = getComputedStyle(canvas);
  const size = points.length > MANY ? 2 : 5;
  let last: number | null | undefined;
  for (const { cluster, x, y } of points) {
    if (cluster !== last) {
      // sorted by group: a colour is set a few times and not once a point
      context.globalAlpha = alphaOf(cluster, look.cluster);
      context.fillStyle =
        cluster === null ? style.getPropertyValue("--line-strong") : groupColor(cluster, look.scheme);
      last = cluster;
    }
    context.beginPath();
    context.arc(x, y, size, 0, 2 * Math.PI);
    context.fill();
  }
  const chosen = points.find((point) => point.feature === look.feature);
  if (!chosen) return;
  context.globalAlpha = 1;
  context.strokeStyle = style.getPropertyValue("--ink");
  context.lineWidth = 2;
  context.beginPath();
  context.arc(chosen.x, chosen.y, size + 4, 0, 2 * Math.PI);
  context.stroke();
}

function alphaOf(cluster: number | null, chosen: number | null) {
  if (cluster === null) return chosen === null ? 0.5 : 0.14;
  return chosen === null || cluster === chosen ? 0.9 : 0.14;
}
