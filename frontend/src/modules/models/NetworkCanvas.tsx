import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import type { Channel, Summary } from "@/lib/types";
import { Saveable } from "@/ui/Saveable";

import { networkSentence } from "./sentence";
import { NetworkLabels, NetworkTip } from "./NetworkLabels";
import { unitAt, type NetworkLayout, type Unit } from "./network-layout";
import { paintNetwork, readPalette } from "./network-paint";
import classes from "./Network.module.css";

interface Props {
  summary: Summary;
  layout: NetworkLayout;
  tap: number | null;
  strongest: number;
  observations?: Channel[];
  actions?: Channel[];
}

/** Edges and units on a canvas: it stays quick with thousands of units, where SVG would not. */
export function NetworkCanvas({ summary, layout, tap, strongest, observations, actions }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme();
  const [hovered, setHovered] = useState<Unit | null>(null);
  const tapLayer =
    summary.layers.find((layer) => tap !== null && layer.tap_indices.includes(tap))?.index ?? null;

  useEffect(() => {
    const element = canvas.current;
    const ctx = element?.getContext("2d");
    if (!element || !ctx || layout.width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    element.width = Math.round(layout.width * ratio);
    element.height = Math.round(layout.height * ratio);
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    const palette = readPalette(element);
    paintNetwork(ctx, layout, { connections: summary.connections, strongest, tapLayer, hovered, palette });
  }, [layout, summary, strongest, tapLayer, hovered, scheme]);

  return (
    <Saveable title="Network of the policy" as="picture">
      <div className={classes.stage} style={{ height: layout.height }}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={`The policy as columns of units, its strongest weights as lines: ${networkSentence(summary)}`}
          className={classes.canvas}
          onMouseMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            setHovered(unitAt(layout, event.clientX - box.left, event.clientY - box.top));
          }}
          onMouseLeave={() => setHovered(null)}
        />
        <NetworkLabels layout={layout} hovered={hovered} observations={observations} actions={actions} />
        {hovered && (
          <NetworkTip
            layout={layout}
            summary={summary}
            hovered={hovered}
            observations={observations}
            actions={actions}
          />
        )}
      </div>
    </Saveable>
  );
}
