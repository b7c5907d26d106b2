import { expect, test } from "vitest";

import type { FeatureEdit } from "@/lib/types";

import { armBrief, armText, toneColor, toneOf } from "./arms";

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

test("an arm of many edits names its features only, and not endlessly many", () => {
  const edits = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...add(1), feature_idx: index }));
  expect(armBrief(arm(...edits(2)))).toBe("α = +1 on feature 0, α = +1 on feature 1");
  expect(armBrief(arm(...edits(3)))).toBe("3 edits, of features 0, 1, 2");
  expect(armBrief({ ...arm(...edits(3)), weights: "edited" })).toBe(
    "3 edits, of features 0, 1, 2; edited weights",
  );
  expect(armBrief(arm(...edits(20)))).toBe("20 edits, of features 0, 1, 2, 3, 4, 5, 6, 7, …");
});
