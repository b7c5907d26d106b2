import { expect, test } from "vitest";

import { packed } from "@/testing/mock/packed";

import { channelOf, decodeReplay, runningSum, valueAt } from "./decode";

const document = (qpos: number[][], contacts: number[][]) =>
  packed({ run_id: "r_1", env: "Walker2d-v5", seed: 3, features: [7] }, "baseline", { qpos }, { contacts });

const VALUES = [
  [0.5, -1.25],
  [3.75, 1e-3],
  [-2, 8],
];
const CONTACTS = [
  [0, 1],
  [1, 1],
  [1, 0],
];

test("numbers come back as they were sent", () => {
  const replay = decodeReplay(document(VALUES, CONTACTS));
  expect(replay).toMatchObject({ run_id: "r_1", seed: 3, features: [7] });
  const { qpos, contacts } = replay.arms[0]!.signals;
  for (const [t, row] of VALUES.entries())
    for (const [c, value] of row.entries()) expect(valueAt(qpos, c, t)).toBe(Math.fround(value));
  expect([...channelOf(contacts, 0)]).toEqual([0, 1, 1]);
  expect([...channelOf(contacts, 1)]).toEqual([1, 1, 0]);
});

test("after the end the last value stays", () => {
  const { qpos } = decodeReplay(document(VALUES, CONTACTS)).arms[0]!.signals;
  expect(valueAt(qpos, 1, 99)).toBe(8);
  expect(valueAt(undefined, 0, 0)).toBe(0);
});

test("anything else is refused", () => {
  const whole = document(VALUES, CONTACTS);
  expect(() => decodeReplay(new ArrayBuffer(3))).toThrow("not a replay");
  expect(() => decodeReplay(new TextEncoder().encode("<html>nothing</html>").buffer)).toThrow("not a replay");
  expect(() => decodeReplay(whole.slice(0, 20))).toThrow("ends in its header");
  expect(() => decodeReplay(whole.slice(0, whole.byteLength - 1))).toThrow("ends before");
});

test("the return so far is the running sum", () => {
  expect([...runningSum(new Float32Array([1, 2, -0.5]))]).toEqual([1, 3, 2.5]);
});
