import { scaleLinear } from "d3-scale";
import { useEffect, useMemo, useRef, useState, type MouseEvent } from "react";

import { fixed, percent } from "@/lib/format";
import type { Clusters } from "@/lib/types";
import { useScheme } from "@/modules/replay/use-scheme";
import { useSize } from "@/ui/use-size";
import { Saveable } from "@/ui/Saveable";

import { mapSentence } from "./sentence";
import { groupColor, nearestPoint } from "./palette";
import classes from "./Clusters.module.css";

const HEIGHT = 400;
const PAD = 18;
const REACH = 14;

type Points = NonNullable<Clusters["map"]>;

interface Props {
  map: Points;
  feature: number | undefined;
  cluster: number | null;
  onFeature: (feature: number) => void;
}

function place({ points }: Points, width: number) {
  const xs = points.map((point) => point.x ?? 0);
  const ys = points.map((point) => point.y ?? 0);
  const x = scaleLinear()
    .domain([Math.min(...xs), Math.max(...xs)])
    .range([PAD, width - PAD]);
  const y = scaleLinear()
    .domain([Math.min(...ys), Math.max(...ys)])
    .range([HEIGHT - PAD, PAD]);
  return points.map((point) => ({
    feature: point.feature_idx,
    cluster: point.cluster,
    silhouette: point.silhouette,
    x: x(point.x ?? 0),
    y: y(point.y ?? 0),
  }));
}

/** Every feature that took part, by what it writes and what it goes with. A click opens it. */
export function ClusterMap({ map, feature, cluster, onFeature }: Props) {
  const [box, { width }] = useSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useScheme();
  const [hovered, setHovered] = useState<number | null>(null);
  const points = useMemo(() => (width > 0 ? place(map, width) : []), [map, width]);
  useEffect(() => {
    if (canvas.current) draw(canvas.current, points, { width, scheme, feature, cluster });
  }, [points, width, scheme, feature, cluster]);

  const at = (event: MouseEvent) => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return nearestPoint(points, event.clientX - left, event.clientY - top, REACH)?.feature ?? null;
  };
  const sentence = mapSentence(map.points);
  const shown = points.find((point) => point.feature === hovered);
  return (
    <figure className={classes.map}>
      <Saveable title="Map of the features" as="picture">
        <div ref={box} className={classes.mapBox} style={{ height: HEIGHT }}>
          <canvas
            ref={canvas}
            role="img"
            aria-label={`Map of the features: ${sentence} The list below opens the same features`}
            style={{ width, height: HEIGHT, cursor: hovered === null ? "default" : "pointer" }}
            onMouseMove={(event) => setHovered(at(event))}
            onMouseLeave={() => setHovered(null)}
            onClick={(event) => {
              const found = at(event);
              if (found !== null) onFeature(found);
            }}
          />
          {shown && (
            <span
              className={classes.tip}
              style={{ left: Math.min(shown.x + 12, width - 150), top: shown.y - 12 }}
            >
              feature {shown.feature}, cluster {shown.cluster}
              <small>silhouette {fixed(shown.silhouette, 2)}</small>
            </span>
          )}
        </div>
      </Saveable>
      <figcaption>
        {sentence}{" "}
        {map.to_scale
          ? `${map.method}; the two axes show ${percent(map.shown_variance, 0)} of the variance, so points that lie together need not be alike.`
          : `${map.method}. Not to scale: neighbours are alike, how far apart groups lie means nothing.`}
      </figcaption>
    </figure>
  );
}

interface Look {
  width: number;
  scheme: string;
  feature: number | undefined;
  cluster: number | null;
}

function draw(canvas: HTMLCanvasElement, points: ReturnType<typeof place>, look: Look) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const dense = window.devicePixelRatio || 1;
  canvas.width = look.width * dense;
  canvas.height = HEIGHT * dense;
  context.scale(dense, dense);
  const size = points.length > 2000 ? 2 : 5;
  for (const point of points) {
    context.globalAlpha = look.cluster === null || point.cluster === look.cluster ? 0.9 : 0.14;
    context.fillStyle = groupColor(point.cluster, look.scheme);
    context.beginPath();
    context.arc(point.x, point.y, size, 0, 2 * Math.PI);
    context.fill();
  }
  const chosen = points.find((point) => point.feature === look.feature);
  if (!chosen) return;
  context.globalAlpha = 1;
  context.strokeStyle = getComputedStyle(canvas).getPropertyValue("--ink");
  context.lineWidth = 2;
  context.beginPath();
  context.arc(chosen.x, chosen.y, size + 4, 0, 2 * Math.PI);
  context.stroke();
}
