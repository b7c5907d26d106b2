import { expect, test } from "vitest";

import type { FeatureEdit } from "@/lib/types";

import { armText, toneColor, toneOf } from "./arms";

const add = (value: number): FeatureEdit => ({ feature_idx: 42, op: "add", value });
const arm = (...edits: FeatureEdit[]) => ({ name: "intervention", edits });

test("grey baseline, orange up, blue down, ink where there is no sign", () => {
  expect(toneOf({ name: "baseline", edits: [] })).toBe("base");
  expect(toneOf(arm(add(2)))).toBe("pos");
  expect(toneOf(arm(add(-2)))).toBe("neg");
  expect(toneOf(arm(add(2), add(-3)))).toBe("neg");
  expect(toneOf(arm(add(0)))).toBe("ink");
  expect(toneOf(arm({ feature_idx: 1, op: "ablate", value: null }))).toBe("ink");
  expect([toneColor("pos"), toneColor("ink")]).toEqual(["var(--pos)", "var(--ink-2)"]);
});

test("what an arm changes, in words", () => {
  expect(armText({ name: "baseline", edits: [] })).toBe("nothing changed");
  expect(armText(arm())).toBe("nothing changed");
  expect(armText(arm(add(-1.5)))).toBe("α = −1.5 on feature 42");
  expect(armText({ ...arm(add(1)), weights: "edited" })).toBe("α = +1 on feature 42, edited weights");
  expect(armText({ name: "expert", edits: [], weights: "edited", model_id: "m_2" })).toBe(
    "model expert, m_2",
  );
  expect(
    armText(
      arm(
        { feature_idx: 1, op: "scale", value: 2 },
        { feature_idx: 2, op: "clamp", value: 0.5 },
        { feature_idx: 3, op: "ablate", value: null },
      ),
    ),
  ).toBe("feature 1 × 2, feature 2 held at 0.5, feature 3 removed");
});
