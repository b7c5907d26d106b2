import { expect, test } from "vitest";

import { Recording, runOf } from "./recording";

const start = { kind: "reset" as const, seed: 7, state: [0, 1] };
const wanted = { env: "Walker2d-v5", weights: "original" as const, episodes: 16, limit: 1000 };
const edit = (feature: number, alpha: number) => ({ feature, alpha, gate: null });

function recorded(): Recording {
  const recording = new Recording();
  recording.begin(start);
  recording.note([edit(4, 0)]);
  recording.note([edit(4, 0.5), edit(9, 0)]);
  recording.note([edit(4, -1), edit(9, 2)]);
  recording.note([edit(9, 2)]);
  return recording;
}

test("every step keeps its α; a feature that came later begins with zeros, one that went ends with them", () => {
  const { arms, max_steps, seed, episodes } = runOf(recorded(), wanted);
  expect({ max_steps, seed, episodes }).toEqual({ max_steps: 4, seed: 7, episodes: 16 });
  const edits = arms?.at(-1)?.edits ?? [];
  expect(edits.map((each) => [each.feature_idx, each.value, each.schedule?.values])).toEqual([
    [4, 1, [0, 0.5, -1, 0]],
    [9, 1, [0, 0, 2, 2]],
  ]);
});

test("a fall needs room after it, and edited weights an arm of their own", () => {
  const recording = recorded();
  recording.end(4, true);
  const { arms, max_steps } = runOf(recording, { ...wanted, weights: "edited" });
  expect(max_steps).toBe(1000);
  expect(arms?.map((arm) => [arm.name, arm.weights])).toEqual([
    ["edited weights", "edited"],
    ["by hand", "edited"],
  ]);
});

test("after a shove the recording begins anew, from the state in which it left the body", () => {
  const recording = recorded();
  recording.restart([5, 6], 4);
  expect(recording.pushed).toEqual([]);
  recording.note([edit(4, 3)]);
  recording.end(5, true);
  expect(recording.ending).toEqual({ steps: 1, fell: true });
  const run = runOf(recording, wanted);
  expect([run.start, run.episodes]).toEqual([{ kind: "state", states: [[5, 6]] }, 1]);
});

test("only what was pushed is sent", () => {
  const recording = new Recording();
  recording.begin({ ...start, kind: "cached" });
  recording.note([edit(4, 0)]);
  expect(recording.pushed).toEqual([]);
  expect(runOf(recording, wanted).start).toEqual({ kind: "cached" });
});
