import { expect, test, vi } from "vitest";

import { Player } from "./player";

test("time on the wall is time in the simulation, times the speed", () => {
  const player = new Player(1000, 0.008);
  player.advance(0.8);
  expect(player.get().step).toBe(100);
  player.setSpeed(0.25);
  player.advance(0.8);
  expect(player.get().step).toBe(125);
});

test("at the end it starts again, or stops where it is told not to", () => {
  const player = new Player(10, 0.1);
  player.advance(1.25);
  expect(player.get().step).toBe(2);
  player.setLoop(false);
  player.play();
  player.advance(5);
  expect(player.get()).toMatchObject({ step: 9, playing: false });
  player.play();
  expect(player.get().step).toBe(0);
  player.pause();
});

test("the first frame after Play moves already", () => {
  const frames: FrameRequestCallback[] = [];
  vi.stubGlobal("requestAnimationFrame", (frame: FrameRequestCallback) => frames.push(frame));
  const player = new Player(100, 0.008);
  player.play();
  expect(player.get().step).toBe(0);
  frames[0]?.(1000);
  expect(player.get().step).toBe(2);
  frames[1]?.(1000 + 80);
  expect(player.get().step).toBe(12);
  vi.unstubAllGlobals();
});

test("nudging stops and stays within the episode", () => {
  const player = new Player(5, 0.1);
  player.nudge(-1);
  expect(player.get().step).toBe(0);
  player.seek(3.4);
  player.nudge(1);
  expect(player.get()).toMatchObject({ step: 4, playing: false });
  player.nudge(25);
  expect(player.get().step).toBe(4);
});

test("listeners hear of every change until they leave", () => {
  const player = new Player(5, 0.1);
  const heard = vi.fn();
  const leave = player.subscribe(heard);
  player.seek(2);
  leave();
  player.seek(3);
  expect(heard).toHaveBeenCalledTimes(1);
});

test("an episode of one step can be played", () => {
  const player = new Player(1, 0.1);
  player.advance(3);
  expect(player.get().step).toBe(0);
});

test("the page follows at a reading pace, and at once when it stands still", () => {
  const player = new Player(1000, 0.001);
  const page = vi.fn();
  const every = vi.fn();
  player.subscribePage(page);
  player.subscribe(every);
  player.play();
  for (let frame = 0; frame < 50; frame++) player.advance(0.002);
  expect(every.mock.calls.length).toBeGreaterThan(50);
  expect(page.mock.calls.length).toBeLessThan(10);
  player.pause();
  expect(player.getPage()).toEqual(player.get());
  player.seek(7);
  expect(player.getPage().step).toBe(7);
});
