import { expect, test } from "vitest";

import { Resolution } from "./resolution";

function play(resolution: Resolution, gap: number, frames: number, from = 0): number {
  for (let frame = 1; frame <= frames; frame++) resolution.frame(from + frame * gap);
  return from + frames * gap;
}

test("slow frames are drawn coarser step by step, never below the least", () => {
  const resolution = new Resolution(1, 0.5);
  const then = play(resolution, 80, 13);
  expect(resolution.ratio).toBe(0.75);
  play(resolution, 80, 100, then);
  expect(resolution.ratio).toBe(0.5);
});

test("with time to spare it becomes fine again; between the two bounds it stays", () => {
  const resolution = new Resolution(1, 0.5);
  let now = play(resolution, 80, 60);
  now = play(resolution, 25, 100, now);
  expect(resolution.ratio).toBe(0.5);
  play(resolution, 16, 120, now);
  expect(resolution.ratio).toBe(1);
});

test("a pause says nothing about speed", () => {
  const resolution = new Resolution(1, 0.5);
  play(resolution, 900, 100);
  expect(resolution.ratio).toBe(1);
});
