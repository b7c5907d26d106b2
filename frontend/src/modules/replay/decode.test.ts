import { expect, test } from "vitest";

import { channelOf, decodeReplay, runningSum, valueAt } from "./decode";

/** Packs as the server does: float32 channel by channel, byte plane by byte plane. */
function document(values: number[][], contacts: number[][]): ArrayBuffer {
  const [length, channels] = [values.length, values[0]!.length];
  const columns = new Float32Array(length * channels);
  for (let t = 0; t < length; t++)
    for (let c = 0; c < channels; c++) columns[c * length + t] = values[t]![c]!;
  const bytes = new Uint8Array(columns.buffer);
  const count = columns.length;
  const planes = bytes.map((_, i) => bytes[4 * (i % count) + Math.floor(i / count)]!);
  const header = JSON.stringify({
    run_id: "r_1",
    env: "Walker2d-v5",
    seed: 3,
    features: [7],
    arms: [
      {
        name: "baseline",
        return: 2.5,
        length,
        fell: false,
        signals: {
          qpos: { shape: [length, channels], type: "float32", offset: 0 },
          contacts: { shape: [length, 2], type: "uint8", offset: planes.length },
        },
      },
    ],
  });
  const text = new TextEncoder().encode(header);
  const whole = new Uint8Array(8 + text.length + planes.length + 2 * length);
  whole.set(new TextEncoder().encode("PSR1"));
  new DataView(whole.buffer).setUint32(4, text.length, true);
  whole.set(text, 8);
  whole.set(planes, 8 + text.length);
  whole.set(contacts.flat(), 8 + text.length + planes.length);
  return whole.buffer;
}

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
