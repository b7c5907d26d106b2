import { describe, expect, it } from "vitest";

import type { ModelComparison } from "@/lib/types";

import { actionSentence, featureSentence, weightSentence } from "./sentence";

const gap = (name: string, rms: number, rms_sd: number | null) => ({ name, rms, rms_sd, mean: 0 });
const actions = (gaps: ReturnType<typeof gap>[], other_choice: number | null = null) => ({
  actions: { states: 400, states_of: "m", observations_sha256: "", env: null, other_choice, gaps },
});

describe("what two models' charts say", () => {
  it("names the action that differs most, in SDs", () => {
    expect(actionSentence(actions([gap("left", 0.2, 0.4), gap("right", 0.1, 0.6)]))).toBe(
      "Their actions differ clearly on 400 cached states: most in right, by 0.60 SD.",
    );
    expect(actionSentence(actions([gap("left", 2, 1.5)]))).toContain("by more than they vary");
    expect(actionSentence(actions([gap("left", 0.01, 0.02)]))).toContain("differ little");
  });

  it("tells equal from nearly equal, and choices from sizes", () => {
    expect(actionSentence(actions([gap("left", 0, 0)]))).toBe(
      "Their actions are exactly the same on 400 cached states.",
    );
    expect(actionSentence(actions([gap("left", 0.5, null)]))).toContain("no SD to measure by");
    expect(actionSentence(actions([gap("push", 1, 1)], 0.25))).toContain("25.0\u00a0% of the states");
    expect(actionSentence({ actions: null })).toContain("not compared");
  });

  it("counts weights, and features beyond chance", () => {
    const models = [{ id: "a" }, { id: "a" }] as ModelComparison["models"];
    expect(weightSentence({ models, weights: { different: 3, total: 1000, relative: 0.05 } })).toBe(
      "The edits changed 3 of 1,000 weights; the difference is 5.0\u00a0% as long as the weights.",
    );
    expect(weightSentence({ models, weights: null })).toContain("different layers");
    expect(weightSentence({ models, weights: { different: 0, total: 9, relative: 0 } })).toContain(
      "bit for bit",
    );
    const match = { feature: 0, partner: 1, correlation: 0.9, same: true };
    const features = { reason: null, mean_correlation: 0.5, chance: 0.4, shared: 1, alive: [2, 2] };
    expect(featureSentence({ features: { ...features, matches: [match] } })).toContain(
      "1 of 1 pairs of features fire alike beyond chance: a correlation above 0.80",
    );
    expect(featureSentence({ features: { ...features, shared: 0, matches: [match] } })).toMatch(/^None of 1/);
    expect(featureSentence({ features: { ...features, reason: "One has no SAE.", matches: [] } })).toBe(
      "Features are not compared. One has no SAE.",
    );
  });
});
