// Where everything of the network drawing goes. Pure, so that it can be tested without a canvas.
import { scalePoint } from "d3-scale";

import type { LayerInfo, ModuleInfo, Summary } from "@/lib/types";

export interface Column {
  layer: LayerInfo;
  x: number;
  /** Distance between neighbouring units. */
  pitch: number;
  radius: number;
  y: (unit: number) => number;
}

/** A place where the tap can stand. */
export interface Stop {
  tap: number;
  x: number;
  module: ModuleInfo;
}

export interface NetworkLayout {
  width: number;
  height: number;
  columns: Column[];
  stops: Stop[];
}

export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const MAX_PITCH = 22;
const MAX_RADIUS = 5;
const STOP_PITCH = 46;

function column(layer: LayerInfo, x: number, frame: Frame): Column {
  const room = frame.height - frame.top - frame.bottom;
  const pitch = layer.size > 1 ? Math.min(MAX_PITCH, room / (layer.size - 1)) : 0;
  const first = frame.top + (room - pitch * (layer.size - 1)) / 2;
  const radius = Math.max(0.8, Math.min(MAX_RADIUS, (pitch || MAX_PITCH) * 0.36));
  return { layer, x, pitch, radius, y: (unit) => first + unit * pitch };
}

/** Stops of one layer sit side by side around its column, in the order in which the modules run. */
function stopsOf(col: Column, modules: Map<number, ModuleInfo>, gap: number): Stop[] {
  const taps = col.layer.tap_indices;
  const pitch = Math.min(STOP_PITCH, gap / (taps.length + 0.4));
  return taps.flatMap((tap, position) => {
    const module = modules.get(tap);
    return module ? [{ tap, module, x: col.x + (position - (taps.length - 1) / 2) * pitch }] : [];
  });
}

export function layoutNetwork(summary: Summary, frame: Frame): NetworkLayout {
  const place = scalePoint<number>()
    .domain(summary.layers.map((layer) => layer.index))
    .range([frame.left, frame.width - frame.right]);
  const columns = summary.layers.map((layer) => column(layer, place(layer.index) ?? 0, frame));
  const modules = new Map(summary.modules.map((module) => [module.index, module]));
  const gap = place.step() || frame.width;
  const stops = columns.flatMap((col) => stopsOf(col, modules, gap)).sort((a, b) => a.tap - b.tap);
  return { width: frame.width, height: frame.height, columns, stops };
}

export interface Unit {
  layer: number;
  unit: number;
}

/** The unit under the pointer, or null when none is near. */
export function unitAt(layout: NetworkLayout, x: number, y: number): Unit | null {
  const col = layout.columns.reduce<Column | null>(
    (best, each) => (!best || Math.abs(each.x - x) < Math.abs(best.x - x) ? each : best),
    null,
  );
  if (!col || Math.abs(col.x - x) > 14) return null;
  const unit = col.pitch === 0 ? 0 : Math.round((y - col.y(0)) / col.pitch);
  if (unit < 0 || unit >= col.layer.size || Math.abs(col.y(unit) - y) > 12) return null;
  return { layer: col.layer.index, unit };
}

export function nearestStop(stops: readonly Stop[], x: number): Stop | undefined {
  return stops.reduce<Stop | undefined>(
    (best, stop) => (!best || Math.abs(stop.x - x) < Math.abs(best.x - x) ? stop : best),
    undefined,
  );
}

/** "GELU" or "Linear": a module in one short word. */
export function moduleWord(module: ModuleInfo): string {
  const words: Record<string, string> = { linear: "Linear", batchnorm: "BatchNorm", layernorm: "LayerNorm" };
  return module.kind === "activation"
    ? activationWord(module.activation)
    : (words[module.kind] ?? module.kind);
}

export function activationWord(name: string | null | undefined): string {
  if (!name) return "activation";
  const known: Record<string, string> = {
    gelu: "GELU",
    gelu_tanh: "GELU (tanh)",
    relu: "ReLU",
    elu: "ELU",
    selu: "SELU",
    silu: "SiLU",
    leaky_relu: "LeakyReLU",
    identity: "Identity",
    tanh: "tanh",
    sigmoid: "sigmoid",
    softplus: "softplus",
  };
  return known[name] ?? name;
}
