// The browser's loop in Node; e2e/parity.spec.ts asks the same of Chromium.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { beforeAll, describe, expect, test } from "vitest";

import { closedLoop, foreseeable, fresh, open, openLoop, same, touching } from "@/testing/live-parity";

import { loadMujoco, type Mujoco } from "./sim/mujoco";

let mj: Mujoco;

beforeAll(async () => {
  const file = createRequire(import.meta.url).resolve("@mujoco/mujoco/mujoco.wasm");
  mj = await loadMujoco({ wasmBinary: readFileSync(file) });
});

describe("open loop: the same actions give the same states", () => {
  test.each(open.map((each) => [each.physics.task, each] as const))("%s", (_, each) => {
    const { allowed, ...found } = openLoop(mj, each);
    expect(found.ends).toBe(true);
    expect(found.state).toBeLessThan(allowed.state);
    expect(found.seen).toBeLessThan(allowed.seen);
    expect(found.return).toBeLessThan(allowed.return);
  });

  test("all eleven environments", () => expect(open).toHaveLength(11));
});

test("a foot is on the floor where the server's gate sees it there", () => {
  const found = open.flatMap((each) => touching(mj, each));
  expect(found.filter(([here, there]) => here !== there)).toEqual([]);
  expect(found.filter(([, there]) => there).length).toBeGreaterThan(8);
  expect(found.filter(([, there]) => !there).length).toBeGreaterThan(8);
});

test("closed loop: a dose moved by hand ends at the same step as on the server", () => {
  const cases = foreseeable(closedLoop(mj));
  expect(cases.length).toBeGreaterThanOrEqual(20);
  expect(cases.filter(({ gated }) => gated)).toHaveLength(5);
  expect(same(cases).length).toBeGreaterThanOrEqual(cases.length - 1);
  expect(Math.max(...same(cases).map(({ off }) => off))).toBeLessThan(1e-3);
});

test("closed loop: fifteen cases fixed beforehand end at the server's step", () => {
  const cases = closedLoop(mj, fresh);
  expect(cases).toHaveLength(15);
  expect(same(cases).length).toBeGreaterThanOrEqual(14);
});
