import { expect, test } from "vitest";

import { ANALYSED } from "@/testing/mock/understanding-handlers";

import { groupColor, nearestPoint } from "./clusters/palette";
import { COLUMNS, scaleOf } from "./columns";
import { toCsv } from "./csv";
import { groupTargets } from "./targets";
import { pagesOf, spanOf } from "./virtual";

const { table } = ANALYSED;

test("only the rows in sight, with some to spare at each edge", () => {
  expect(spanOf(0, 400, 40, 16_384, 2)).toEqual({ first: 0, end: 12 });
  expect(spanOf(40_000, 400, 40, 16_384, 2)).toEqual({ first: 998, end: 1012 });
  expect(spanOf(16_384 * 40, 400, 40, 16_384, 2)).toEqual({ first: 16_382, end: 16_384 });
  expect(spanOf(4000, 400, 40, 3, 2)).toEqual({ first: 1, end: 3 });
});

test("the pages of a span, from 1", () => {
  expect(pagesOf({ first: 0, end: 200 }, 200)).toEqual([1]);
  expect(pagesOf({ first: 199, end: 201 }, 200)).toEqual([1, 2]);
  expect(pagesOf({ first: 5, end: 5 }, 200)).toEqual([]);
});

test("every row becomes one line with as many fields as the head", () => {
  const lines = toCsv(
    table.features.map((row) => ({ ...row, name: "plain" })),
    table.target.key,
  )
    .trimEnd()
    .split("\r\n");
  expect(lines).toHaveLength(table.features.length + 1);
  expect(new Set(lines.map((line) => line.split(",").length)).size).toBe(1);
  expect(lines[1]).toMatch(/^11,plain,,,general periodic,,action:0,0.4758/);
});

test("the effect's bar takes its direction from the mean while active", () => {
  const [effect, , density] = COLUMNS;
  const row = table.features[0]!;
  expect(effect?.bar?.value(row)).toBe(-(row.ablation_effect ?? 0));
  expect(effect?.bar?.value({ ...row, ablation_mean: null })).toBe(row.ablation_effect);
  expect(scaleOf(table.features, effect!)).toBeCloseTo(0.4758);
  expect(scaleOf(table.features, density!)).toBe(1);
});

test("targets stand in groups with their units", () => {
  const groups = groupTargets(table.targets);
  expect(groups.map(({ group }) => group)).toEqual([
    "Actions",
    "Observations",
    "Reward",
    "Behaviour of an episode",
  ]);
  expect(groups[0]?.items[0]).toEqual({ value: "action:0", label: "right thigh torque, ×100 N·m" });
});

test("a click takes the nearest point within reach", () => {
  const points = [
    { feature: 3, x: 10, y: 10 },
    { feature: 4, x: 14, y: 10 },
  ];
  expect(nearestPoint(points, 13, 10, 8)?.feature).toBe(4);
  expect(nearestPoint(points, 40, 10, 8)).toBeNull();
});

test("groups differ in hue, and are darker on a light page", () => {
  expect(new Set(Array.from({ length: 20 }, (_, index) => groupColor(index, "light"))).size).toBe(20);
  expect(groupColor(0, "dark")).not.toBe(groupColor(0, "light"));
});
