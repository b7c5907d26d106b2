import { expect, test } from "vitest";

import type { Model } from "@/lib/types";

import { pushOf } from "./push";
import { rankingOf } from "./ranking";

const stored = { intervention: { feature_idx: 5, alpha: 2 } } as Model;
const bare = { intervention: null } as Model;

test("the address counts before what is stored, and says when the two differ", () => {
  expect(pushOf({}, bare)).toEqual({ feature: undefined, alpha: 0, unapplied: false, ofFeature: undefined });
  expect(pushOf({}, stored)).toEqual({ feature: 5, alpha: 2, unapplied: false, ofFeature: 2 });
  expect(pushOf({ feature: 5, alpha: 2 }, stored).unapplied).toBe(false);
  expect(pushOf({ feature: 5, alpha: 3 }, stored)).toMatchObject({ alpha: 3, unapplied: true });
  expect(pushOf({ feature: 6, alpha: 2 }, stored)).toMatchObject({ feature: 6, unapplied: true });
  expect(pushOf({ feature: 6 }, stored)).toMatchObject({ unapplied: false, ofFeature: undefined });
  expect(pushOf({ alpha: 1 }, bare).unapplied).toBe(false); // of no feature
});

test("a ranking that the address asks for in a way that is not there is the first one", () => {
  expect(rankingOf({})).toEqual({ target: 0, sort: "abs_weight", top: 10 });
  expect(rankingOf({ target: 3, sort: "ablation_effect", top: 5 })).toEqual({ target: 3, sort: "ablation_effect", top: 5 }); // prettier-ignore
  expect(rankingOf({ sort: "beauty", top: 5000 })).toMatchObject({ sort: "abs_weight", top: 1000 });
  expect(rankingOf({ top: 0 }).top).toBe(1);
});
