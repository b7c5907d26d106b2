import { useEffect, useMemo, useRef, useState, type MouseEvent } from "react";

import { fixed, percent } from "@/lib/format";
import type { Clusters } from "@/lib/types";
import { useScheme } from "@/modules/replay/use-scheme";
import { useSize } from "@/ui/use-size";
import { Saveable } from "@/ui/Saveable";

import { HEIGHT, paintMap, place } from "./map-paint";
import { nearestPoint } from "./palette";
import { mapSentence } from "./sentence";
import classes from "./Clusters.module.css";

const REACH = 14;

type Points = NonNullable<Clusters["map"]>;

interface Props {
  map: Points;
  feature: number | undefined;
  cluster: number | null;
  onFeature: (feature: number) => void;
}

/** Every feature that took part, by what it writes and what it goes with. A click opens it. */
export function ClusterMap({ map, feature, cluster, onFeature }: Props) {
  const [box, { width }] = useSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useScheme();
  const [hovered, setHovered] = useState<number | null>(null);
  const points = useMemo(() => (width > 0 ? place(map.points, width) : []), [map, width]);
  useEffect(() => {
    if (canvas.current) paintMap(canvas.current, points, { width, scheme, feature, cluster });
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
              feature {shown.feature}
              {shown.cluster === null ? (
                <small>not among those grouped</small>
              ) : (
                <>
                  , cluster {shown.cluster}
                  <small>silhouette {fixed(shown.silhouette, 2)}</small>
                </>
              )}
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
