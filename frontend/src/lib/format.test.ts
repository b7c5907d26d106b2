import { describe, expect, it, test } from "vitest";

import {
  ago,
  alphaText,
  bytes,
  count,
  decimalsFor,
  duration,
  figures,
  fixed,
  interval,
  num,
  percent,
  plural,
  signed,
  unbroken,
} from "./format";

test.each([
  [0, "0"],
  [1234.5678, "1,235"],
  [0.012345, "0.0123"],
  [-2.5, "−2.5"],
  [999.96, "1,000"],
  [0.00001234, "1.23e−5"],
  [12_345_678, "1.23e+7"],
  [null, "–"],
  [undefined, "–"],
  [Number.NaN, "–"],
  [Infinity, "–"],
])("num(%s) is %s", (value, text) => expect(num(value)).toBe(text));

test("num takes the digits it is given", () => {
  expect(num(3.14159, 2)).toBe("3.1");
  expect(num(-0.004567, 2)).toBe("−0.0046");
});

test.each([
  [1.005, 2, "1.01"],
  [-1.5, 0, "−2"],
  [-0.0001, 2, "0.00"],
  [4321.5, 1, "4,321.5"],
  [null, 2, "–"],
])("fixed(%s, %s) is %s", (value, decimals, text) => expect(fixed(value, decimals)).toBe(text));

test.each([
  [3, 1, "+3.0"],
  [-3, 1, "−3.0"],
  [0, 1, "0.0"],
  [0.04, 1, "0.0"],
  [null, 1, "–"],
])("signed(%s, %s) is %s", (value, decimals, text) => expect(signed(value, decimals)).toBe(text));

test("shares, counts and sizes", () => {
  expect(percent(0.1234)).toBe("12.3\u00a0%");
  expect(percent(1, 0)).toBe("100\u00a0%");
  expect(percent(null)).toBe("–");
  expect(count(29_622)).toBe("29,622");
  expect(count(null)).toBe("–");
  expect([bytes(900), bytes(2048), bytes(5 * 1024 ** 2)]).toEqual([
    "900\u00a0B",
    "2.0\u00a0KB",
    "5.0\u00a0MB",
  ]);
  expect([plural(1, "seed"), plural(2, "seed"), plural(0, "entry", "entries")]).toEqual([
    "1 seed",
    "2 seeds",
    "0 entries",
  ]);
});

test("an interval, and the lack of one", () => {
  expect(interval([-12.34, 5], 1)).toBe("[−12.3, 5.0]");
  expect(interval([-12.34, 5], 1, true)).toBe("[−12.3, +5.0]");
  expect(interval(null, 1)).toBe("no interval");
});

test.each([
  [[4000, -12], 0],
  [[12.5], 2],
  [[0.2], 4],
  [[0, 0], 1],
  [[], 1],
])("decimalsFor(%j) is %s", (values, decimals) => expect(decimalsFor(values)).toBe(decimals));

test.each([
  [0.4, "under a second"],
  [42, "42\u00a0s"],
  [150, "3\u00a0min"],
  [7200, "2.0\u00a0h"],
])("duration(%s) is %s", (seconds, text) => expect(duration(seconds)).toBe(text));

describe("ago", () => {
  const now = Date.parse("2026-03-10T12:00:00Z");
  const before = (seconds: number) => ago(new Date(now - seconds * 1000).toISOString(), now);
  it("counts minutes and hours, then gives the date", () => {
    expect([before(5), before(150), before(7300)]).toEqual(["just now", "2\u00a0min ago", "2\u00a0h ago"]);
    expect(before(3 * 86_400)).toBe("7 Mar 2026");
  });
  it("does not go negative when the clocks differ", () => expect(before(-30)).toBe("just now"));
});

test("a dose shows its sign", () => {
  expect([alphaText(2), alphaText(-0.5), alphaText(0)]).toEqual(["α = +2", "α = −0.5", "α = 0"]);
});

test("columns of figures keep their zeros", () => {
  expect([1.2, 0.015, 0.00158, 16, 0, -0.5].map((value) => figures(value))).toEqual([
    "1.20",
    "0.0150",
    "0.00158",
    "16.0",
    "0",
    "−0.500",
  ]);
  expect([figures(null), figures(1234), figures(0.00001)]).toEqual(["–", "1,234", "1.00e−5"]);
});

test("no unit is parted from its number in a sentence of the server's", () => {
  expect(unbroken("keeps 99.8 % of it, above 0.98 rad or below −6.5 rad/s, 8 seeds")).toBe(
    "keeps 99.8\u00a0% of it, above 0.98\u00a0rad or below −6.5\u00a0rad/s, 8 seeds",
  );
  expect(unbroken("above 0.71 ×100 N·m in 3 minutes")).toBe("above 0.71\u00a0×100\u00a0N·m in 3 minutes");
});
