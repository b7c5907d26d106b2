import { expect, test } from "vitest";

import { runsOf } from "./runs";
import { curveSentence, densitySentence, frontierSentence, keptSentence } from "./sentence";
import { SWEEP } from "./training.fixture";

const runs = runsOf(SWEEP);

test("where the trainings end, and whether they reach the gate", () => {
  expect(curveSentence({ name: "val_fvu" }, runs)).toBe(
    "Lowest at the end: k 4 of 64, seed 0, 0.04, still moving.",
  );
  expect(curveSentence({ name: "feedback_fvu", gate: 0.3 }, runs)).toContain(
    "; 3 of 3 reach the gate of 0.3.",
  );
  expect(curveSentence({ name: "return_recovered", gate: 0.9 }, runs)).toBe(
    "Highest at the end: k 4 of 64, seed 0, 70.0\u00a0%; 0 of 3 reach the gate of 90.0\u00a0%.",
  );
  expect(curveSentence({ name: "l0" }, runs)).toBe(
    "Fewest at once at the end: k 4 of 64, seed 0, 4, settled.",
  );
  const [first, ...others] = runs;
  const going = [{ ...first!, cell: { ...first!.cell, state: "training" as const } }, ...others];
  expect(curveSentence({ name: "val_fvu" }, going)).toBe(
    "Lowest so far: k 4 of 64, seed 0, 0.04, still moving.",
  );
  expect(curveSentence({ name: "loss" }, [])).toBe("Nothing measured yet.");
});

test("what sparsity costs", () => {
  const placed = [
    { label: "a", l0: 16, value: 0.98 },
    { label: "b", l0: 4, value: 0.6 },
  ];
  expect(frontierSentence({ name: "return_recovered", gate: 0.9 }, placed)).toBe(
    "From 60.0\u00a0% at L0 4 to 98.0\u00a0% at L0 16 over 2 SAEs; 1 of 2 reach the gate of 90.0\u00a0%.",
  );
  expect(frontierSentence({ name: "fvu" }, placed.slice(1))).toBe("One SAE: 0.6 at L0 4.");
  expect(frontierSentence({ name: "fvu" }, [])).toBe("Nothing measured yet.");
});

test("the configuration to keep", () => {
  expect(keptSentence(SWEEP)).toBe(
    " Ringed: the one to keep, k 16 of 64, which recovers between 95.0\u00a0% and 100.0\u00a0% of the return.",
  );
  expect(keptSentence({ ...SWEEP, recommended: null })).toBe("");
});

test("how often latents fire", () => {
  expect(densitySentence({ counts: [0, 0, 0, 0, 0, 0, 1, 2, 10, 20, 20, 11], silent: 1 })).toBe(
    "Half of the latents fire in less than about 22\u00a0% of the states; 1 latent never does.",
  );
  expect(densitySentence({ counts: [], silent: 64 })).toBe("No latent fires yet.");
});
