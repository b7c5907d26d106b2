import { expect, test } from "vitest";

import type { Dose, FeatureEdit } from "@/lib/types";

import { bareRequest, draftOf, inUnit, missing, newDraft, toRequest, type Draft } from "./draft";
import { clause, sentence } from "./words";

const draft = (patch: Partial<Draft> = {}): Draft => ({ ...newDraft(0, 11), ...patch });
const gate = (patch: Partial<Draft["gate"]>) => ({ ...draft().gate, ...patch });
const schedule = (patch: Partial<Draft["schedule"]>) => ({ ...draft().schedule, ...patch });

test("a new edit moves the action by 5 % of its own variation", () => {
  expect(toRequest(draft())).toEqual({
    feature_idx: 11,
    op: "add",
    value: 0.05,
    unit: "action_displacement",
  });
});

test("only an addition has a unit, only a swap a partner, and removal no value", () => {
  expect(toRequest(draft({ op: "scale", value: 1.2 }))).toEqual({ feature_idx: 11, op: "scale", value: 1.2 });
  expect(toRequest(draft({ op: "ablate" }))).toEqual({ feature_idx: 11, op: "ablate" });
  expect(toRequest(draft({ op: "swap", other: 3 }))).toEqual({ feature_idx: 11, op: "swap", other_idx: 3 });
});

test("gates and schedules carry only what was given", () => {
  const full = draft({
    gate: gate({ kind: "observation", index: 1, above: 0.2 }),
    schedule: schedule({ shape: "pulse", period: 0.5, unit: "seconds", stop: 3 }),
  });
  expect(toRequest(full)).toMatchObject({
    gate: { kind: "observation", index: 1, above: 0.2 },
    schedule: { shape: "pulse", unit: "seconds", period: 0.5, duty: 0.5, stop: 3 },
  });
  expect(Object.keys(toRequest(full).schedule ?? {})).not.toContain("start");
  expect(bareRequest(full)).not.toHaveProperty("gate");
  expect(toRequest(draft({ gate: gate({ kind: "active" }) })).gate).toEqual({ kind: "active", threshold: 0 });
  expect(toRequest(draft({ schedule: schedule({ start: 100 }) })).schedule).toEqual({
    shape: "constant",
    unit: "steps",
    start: 100,
  });
});

test.each([
  [{ feature: "" }, /Choose a feature/],
  [{ value: "" }, /Give a value/],
  [{ op: "swap" as const }, /swap with/],
  [{ gate: gate({ kind: "observation" }) }, /at least one bound/],
  [{ gate: gate({ kind: "contact" }) }, /Choose the foot/],
  [{ schedule: schedule({ shape: "sine" }) }, /period/],
])("what is missing: %j", (patch, text) => expect(missing(draft(patch))).toMatch(text));

test("nothing is missing from a removal, even without a value", () => {
  expect(missing(draft({ op: "ablate", value: "" }))).toBeNull();
});

test("a stored edit opens as what it was", () => {
  const stored: FeatureEdit = {
    feature_idx: 4,
    op: "add",
    value: -2,
    gate: { kind: "phase", start: 0.1, stop: 0.6 },
    schedule: { shape: "ramp", period: 50, start: 10 },
  };
  expect(toRequest(draftOf(3, stored))).toEqual({
    feature_idx: 4,
    op: "add",
    value: -2,
    unit: "alpha",
    gate: { kind: "phase", start: 0.1, stop: 0.6 },
    schedule: { shape: "ramp", unit: "steps", period: 50, start: 10 },
  });
});

test("another unit keeps the dose and its sign", () => {
  const dose = { alpha: -2, feature_sds: -0.977, activation_norm: 0.33, action_displacement: 0.52 } as Dose;
  expect(inUnit(dose, "alpha", true)).toBe(-2);
  expect(inUnit(dose, "action_displacement", true)).toBe(-0.52);
  expect(inUnit(dose, "activation_norm", false)).toBe(0.33);
  expect(inUnit(null, "alpha", false)).toBeNull();
  expect(inUnit({ ...dose, feature_sds: null }, "feature_sd", false)).toBeNull();
});

test("the sentence says what, when and how over time", () => {
  expect(clause(draft(), "")).toBe("move the action by δₐ = +0.05 along feature 11, at every step");
  expect(clause(draft({ op: "clamp", value: 2, gate: gate({ kind: "active", threshold: 0.5 }) }), "")).toBe(
    "hold feature 11 at 2, while feature 11 is above 0.5",
  );
  expect(
    clause(
      draft({
        value: -1,
        unit: "feature_sd",
        gate: gate({ kind: "observation", above: 0.1, below: 0.4 }),
        schedule: schedule({ shape: "ramp", period: 1, unit: "seconds", start: 2 }),
      }),
      "torso pitch",
    ),
  ).toBe(
    "add −1 of its standard deviations along feature 11, while torso pitch is above 0.1 and below 0.4, growing from nothing over 1 s, from 2 s",
  );
  expect(clause(draft({ op: "swap", other: 3, gate: gate({ kind: "phase" }) }), "")).toBe(
    "swap feature 11 with feature 3, from 0 to 0.5 of each stride",
  );
  const foot = gate({ kind: "contact", foot: "left", on_floor: false });
  expect(toRequest(draft({ gate: foot })).gate).toEqual({ kind: "contact", foot: "left", on_floor: false });
  expect(clause(draft({ op: "ablate", gate: foot }), "")).toBe(
    "remove feature 11, while the left foot is in the air",
  );
  expect(sentence(["remove feature 1", "scale"], 4)).toBe(
    "At the activation after net[4]: remove feature 1; and scale.",
  );
  expect(sentence([], 4)).toBe("");
});
