import { describe, expect, it } from "vitest";

import { actionsSentence, histogramSentence, phaseSentence } from "./sentence";

const action = (name: string, ablation_mean: number | null, chance: number | null) => ({
  name, ablation_mean, chance, ablation_effect: 0, local_gain: 0,
}); // prettier-ignore
const phase = (concentration: number) => ({
  mean: 0.3, concentration, tile_r2: 0, tile: false, stride_rate: 2, curve: [0, 1, 4, 1],
}); // prettier-ignore

describe("one feature's charts say", () => {
  it("how rare strong activations are", () => {
    expect(
      histogramSentence({ edges: [0, 1, 2, 3, 4, 5, 6, 7, 8], counts: [90, 5, 2, 1, 0, 0, 0, 1] }),
    ).toContain("mostly weak, strong ones are rare");
    expect(histogramSentence({ edges: [0, 1, 2, 3], counts: [1, 1, 9] })).toContain("mostly strong");
    expect(histogramSentence({ edges: [0, 1], counts: [0] })).toBe("It never fires on the cached states.");
  });

  it("which actions leave the band of random directions", () => {
    expect(actionsSentence([action("hip", -0.4, 0.1), action("knee", 0.05, 0.1)])).toBe(
      "It moves 1 of 2 actions beyond random directions: most clearly it lowers hip (−0.400, 4.0 times what 99 of 100 random directions reach).",
    );
    expect(actionsSentence([action("hip", 0.05, 0.1)])).toContain("moves no action beyond the band");
    expect(actionsSentence([action("hip", null, null)])).toContain("never fires");
  });

  it("where in the stride, or nowhere in particular", () => {
    expect(phaseSentence(phase(0.9))).toBe(
      "It fires at one moment of the stride: on average at phase 0.30, highest at 63\u00a0% of the stride.",
    );
    expect(phaseSentence(phase(0.4))).toContain("more at one time than at others");
    expect(phaseSentence(phase(0.1))).toContain("at any time");
  });
});
