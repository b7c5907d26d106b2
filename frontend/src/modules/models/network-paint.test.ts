import { expect, test } from "vitest";

import { makeModel, summaryOf } from "@/testing/mock/models";

import { layoutNetwork } from "./network-layout";
import { paintNetwork, type PaintOptions } from "./network-paint";

const summary = summaryOf(makeModel("m", "small", [3, 4, 2]));
const layout = layoutNetwork(summary, { width: 300, height: 200, left: 20, right: 20, top: 10, bottom: 10 });
const palette = {
  pos: "orange",
  neg: "blue",
  unit: "grey",
  unitFill: "white",
  accent: "teal",
  edgeAlpha: 0.6,
};

/** A drawing surface that remembers each stroke with its colour, width and strength. */
function paint(options: Partial<PaintOptions>) {
  const strokes: { color: string; width: number; alpha: number; curve: boolean }[] = [];
  let curve = false;
  const ctx = {
    globalAlpha: 1,
    lineWidth: 1,
    strokeStyle: "",
    fillStyle: "",
    clearRect: () => undefined,
    beginPath: () => void (curve = false),
    moveTo: () => undefined,
    bezierCurveTo: () => void (curve = true),
    arc: () => undefined,
    fill: () => undefined,
    stroke: () =>
      strokes.push({ color: ctx.strokeStyle, width: ctx.lineWidth, alpha: ctx.globalAlpha, curve }),
  };
  paintNetwork(ctx as unknown as CanvasRenderingContext2D, layout, {
    connections: summary.connections,
    strongest: 5,
    tapLayer: null,
    hovered: null,
    palette,
    ...options,
  });
  return { edges: strokes.filter((each) => each.curve), units: strokes.filter((each) => !each.curve) };
}

test("the strongest edges of each connection, weakest first, in the colour of their sign", () => {
  const { edges, units } = paint({});
  expect(edges).toHaveLength(10);
  expect(units).toHaveLength(3 + 4 + 2);
  const first = edges.slice(0, 5);
  expect(first.map((edge) => edge.width)).toEqual(first.map((edge) => edge.width).sort((a, b) => a - b));
  const drawn = summary.connections[0]!.edges.slice(0, 5).reverse();
  expect(first.map((edge) => edge.color)).toEqual(drawn.map(([, , w]) => (w >= 0 ? "orange" : "blue")));
});

test("a layer of a thousand units is one bar, and the unit under the pointer a dot on it", () => {
  const wide = summaryOf(makeModel("m", "wide", [3, 1024, 2]));
  const drawn = layoutNetwork(wide, {
    width: 300,
    height: 200,
    left: 20,
    right: 20,
    top: 10,
    bottom: 10,
  });
  let [bars, circles] = [0, 0];
  const ctx = {
    clearRect: () => undefined,
    beginPath: () => undefined,
    moveTo: () => undefined,
    bezierCurveTo: () => undefined,
    stroke: () => undefined,
    fill: () => undefined,
    arc: () => void (circles += 1),
    fillRect: () => void (bars += 1),
  } as unknown as CanvasRenderingContext2D;
  paintNetwork(ctx, drawn, {
    connections: wide.connections,
    strongest: 5,
    tapLayer: null,
    hovered: { layer: 1, unit: 7 },
    palette,
  });
  expect([bars, circles]).toEqual([1, 3 + 1 + 2]);
});

test("the tapped layer is ringed", () => {
  const ringed = paint({ tapLayer: 1 }).units.map((unit) => unit.color === "teal");
  expect(ringed).toEqual([false, false, false, true, true, true, true, false, false]);
});

test("hovering a unit leaves its own edges strong and dims the others", () => {
  const [source, target] = summary.connections[0]!.edges[0]!;
  const { edges } = paint({ hovered: { layer: 0, unit: source } });
  const strongest = edges[4]!; // the strongest of the first connection is drawn last
  expect(target).toBeGreaterThanOrEqual(0);
  const others = edges.slice(5); // the second connection touches no unit of layer 0
  others.forEach((edge) => expect(edge.alpha).toBeLessThan(0.08));
  expect(strongest.alpha).toBeGreaterThan(0.9);
});
