import type { Connection } from "@/lib/types";

import type { Column, NetworkLayout, Unit } from "./network-layout";

export interface Palette {
  pos: string;
  neg: string;
  unit: string;
  unitFill: string;
  accent: string;
  edgeAlpha: number;
}

export interface PaintOptions {
  connections: readonly Connection[];
  /** How many of the strongest edges to draw between two layers. */
  strongest: number;
  tapLayer: number | null;
  hovered: Unit | null;
  palette: Palette;
}

/** Distance of neighbouring units, in pixels, below which they are not drawn one by one. */
const LEAST_PITCH = 2;

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    pos: read("--pos"),
    neg: read("--neg"),
    unit: read("--line-strong"),
    unitFill: read("--surface"),
    accent: read("--accent"),
    edgeAlpha: Number(read("--edge-alpha")) || 0.6,
  };
}

function drawConnection(
  ctx: CanvasRenderingContext2D,
  connection: Connection,
  from: Column,
  to: Column,
  o: PaintOptions,
) {
  const shown = connection.edges.slice(0, o.strongest).reverse(); // weakest first: strong edges end up on top
  const bend = (to.x - from.x) * 0.42;
  for (const [source, target, weight] of shown) {
    const touched =
      o.hovered !== null &&
      ((o.hovered.layer === connection.from_layer && o.hovered.unit === source) ||
        (o.hovered.layer === connection.to_layer && o.hovered.unit === target));
    const strength = connection.max_abs ? Math.abs(weight) / connection.max_abs : 0;
    const dim = o.hovered !== null && !touched ? 0.12 : 1;
    ctx.globalAlpha = Math.min(1, (touched ? 0.35 : 0) + o.palette.edgeAlpha * strength ** 1.4) * dim;
    ctx.strokeStyle = weight >= 0 ? o.palette.pos : o.palette.neg;
    ctx.lineWidth = 0.5 + 1.9 * strength;
    ctx.beginPath();
    ctx.moveTo(from.x, from.y(source));
    ctx.bezierCurveTo(from.x + bend, from.y(source), to.x - bend, to.y(target), to.x, to.y(target));
    ctx.stroke();
  }
}

function drawColumn(ctx: CanvasRenderingContext2D, col: Column, o: PaintOptions) {
  const tapped = col.layer.index === o.tapLayer;
  ctx.globalAlpha = 1;
  ctx.lineWidth = col.radius > 2.5 ? 1.4 : 0.8;
  if (col.pitch > 0 && col.pitch < LEAST_PITCH) {
    drawBar(ctx, col, o, tapped);
    return;
  }
  for (let unit = 0; unit < col.layer.size; unit += 1) {
    const hot = o.hovered?.layer === col.layer.index && o.hovered.unit === unit;
    ctx.beginPath();
    ctx.arc(col.x, col.y(unit), hot ? col.radius + 1.5 : col.radius, 0, Math.PI * 2);
    ctx.fillStyle = hot ? o.palette.accent : o.palette.unitFill;
    ctx.strokeStyle = tapped || hot ? o.palette.accent : o.palette.unit;
    ctx.fill();
    ctx.stroke();
  }
}

/** Units too close to be told apart are one bar, so that moving the pointer redraws no thousands of circles. */
function drawBar(ctx: CanvasRenderingContext2D, col: Column, o: PaintOptions, tapped: boolean) {
  const [top, bottom] = [col.y(0), col.y(col.layer.size - 1)];
  ctx.fillStyle = tapped ? o.palette.accent : o.palette.unit;
  ctx.fillRect(col.x - 1.5, top - 1, 3, bottom - top + 2);
  if (o.hovered?.layer !== col.layer.index) return;
  ctx.fillStyle = o.palette.accent;
  ctx.beginPath();
  ctx.arc(col.x, col.y(o.hovered.unit), 3.5, 0, Math.PI * 2);
  ctx.fill();
}

export function paintNetwork(ctx: CanvasRenderingContext2D, layout: NetworkLayout, options: PaintOptions) {
  ctx.clearRect(0, 0, layout.width, layout.height);
  const columns = new Map(layout.columns.map((col) => [col.layer.index, col]));
  for (const connection of options.connections) {
    const from = columns.get(connection.from_layer);
    const to = columns.get(connection.to_layer);
    if (from && to) drawConnection(ctx, connection, from, to, options);
  }
  for (const col of layout.columns) drawColumn(ctx, col, options);
}
