import { describe, expect, it, test } from "vitest";

import { makeModel, summaryOf } from "@/testing/mock/models";

import { activationWord, layoutNetwork, moduleWord, nearestStop, unitAt } from "./network-layout";

const frame = { width: 800, height: 400, left: 100, right: 60, top: 30, bottom: 10 };
const summary = summaryOf(makeModel("m", "walker", [17, 32, 1, 6]));
const layout = layoutNetwork(summary, frame);

test("columns run from margin to margin at equal distances", () => {
  const xs = layout.columns.map((column) => column.x);
  expect(xs[0]).toBe(100);
  expect(xs.at(-1)).toBe(740);
  const gaps = xs.slice(1).map((x, i) => x - xs[i]!);
  gaps.forEach((gap) => expect(gap).toBeCloseTo(640 / 3));
});

test("every unit lies inside the frame, and columns are centred", () => {
  for (const { y, layer } of layout.columns) {
    expect(y(0)).toBeGreaterThanOrEqual(30);
    expect(y(layer.size - 1)).toBeLessThanOrEqual(390.001);
    expect((y(0) + y(layer.size - 1)) / 2).toBeCloseTo(210);
  }
});

test("a layer of thousands still fits, with units that can be seen", () => {
  const wide = layoutNetwork(summaryOf(makeModel("m", "wide", [4, 2000, 2])), frame).columns[1]!;
  expect(wide.y(1999)).toBeLessThanOrEqual(390.001);
  expect(wide.radius).toBeGreaterThanOrEqual(0.8);
});

test("the tap can stand after every module, in their order", () => {
  expect(layout.stops.map((stop) => stop.tap)).toEqual([0, 1, 2, 3, 4]);
  const xs = layout.stops.map((stop) => stop.x);
  expect(xs).toEqual([...xs].sort((a, b) => a - b));
});

describe("the unit under the pointer", () => {
  const column = layout.columns[1]!;
  it("is found near its centre", () =>
    expect(unitAt(layout, column.x + 3, column.y(5) - 2)).toEqual({ layer: 1, unit: 5 }));
  it("is found in a layer of one", () =>
    expect(unitAt(layout, layout.columns[2]!.x, layout.columns[2]!.y(0))).toEqual({ layer: 2, unit: 0 }));
  it("is nothing between columns, above or below", () => {
    expect(unitAt(layout, column.x + 60, column.y(5))).toBeNull();
    expect(unitAt(layout, column.x, column.y(0) - 20)).toBeNull();
    expect(unitAt(layout, column.x, column.y(31) + 20)).toBeNull();
    expect(unitAt({ ...layout, columns: [] }, 0, 0)).toBeNull();
  });
});

test("the nearest stop wins", () => {
  const [first, second] = layout.stops;
  expect(nearestStop(layout.stops, first!.x + 1)).toBe(first);
  expect(nearestStop(layout.stops, (first!.x + 3 * second!.x) / 4)).toBe(second);
  expect(nearestStop([], 3)).toBeUndefined();
});

test("modules in a word", () => {
  expect(summary.modules.slice(0, 2).map(moduleWord)).toEqual(["Linear", "GELU"]);
  expect(moduleWord({ ...summary.modules[0]!, kind: "batchnorm" })).toBe("BatchNorm");
  expect([activationWord("relu"), activationWord("mish"), activationWord(null)]).toEqual([
    "ReLU",
    "mish",
    "activation",
  ]);
});
