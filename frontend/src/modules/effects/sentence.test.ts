import { describe, expect, it } from "vitest";

import type { Calibration, DosePoint, DoseResponse, Scan } from "@/lib/types";

import { doseSentence, fallSentence, safeSentence, scanSentence } from "./sentence";

const measure = { key: "speed", title: "Speed", unit: "m/s" } as DoseResponse["measure"];
const point = (
  dose: number,
  size: number | null,
  band: number[] | null,
  outside: boolean | null,
  falls = 0,
) => ({ dose, mean_difference: size, band, outside_random: outside, fall_rate: falls }) as DosePoint;
const dose = (points: DosePoint[]) => doseSentence({ points, measure, feature_idx: 7 });

describe("a study's charts say", () => {
  it("the dose that does most, and whether random directions do as much", () => {
    const points = [point(-0.1, -0.5, [-0.7, -0.3], true), point(0.1, 0.1, [-0.1, 0.3], false)];
    expect(dose(points)).toMatch(
      /^Feature 7 changes speed most at δₐ −0\.10: −0\.5\d*\u00a0m\/s, band \[−0\.7\d*, −0\.3\d*\]; 1 of 2 doses/,
    );
    expect(dose([point(0.1, 0.5, [0.3, 0.7], false)])).toContain("inside the band of random directions");
    expect(dose([point(0.1, 0.5, [0.3, 0.7], null)])).toContain("random directions were not played");
    expect(dose([point(0.1, 0.1, [-0.1, 0.3], false)])).toContain("distinguishable from zero");
    expect(dose([point(0.1, 0.1, null, true)])).toMatch(/^Too few seeds for a band/);
    expect(dose([point(0.1, null, null, null)])).toContain("No dose");
  });

  it("from where on it falls", () => {
    const baseline = { fall_rate: 0.1 } as DoseResponse["baseline"];
    const points = [point(0.2, 0, null, null, 0.8)];
    expect(fallSentence({ points, baseline, collapse: { negative: null, positive: 0.15 } })).toBe(
      "Falls rise by more than 20 points above δₐ +0.15, up to 80\u00a0%; without a push it falls in 10\u00a0% of the episodes.",
    );
    expect(fallSentence({ points, baseline, collapse: { negative: null, positive: null } })).toMatch(
      /^No dose adds/,
    );
  });

  it("how many pushes of a scan stand out", () => {
    const row = (feature_idx: number, mean_difference: number, q_value: number) => ({
      feature_idx,
      dose: 0.05,
      mean_difference,
      q_value,
    });
    const scan = (q: number) =>
      ({
        rows: [row(1, 0.2, 0.9), row(2, -0.6, q)],
        measure,
        candidates: 1,
        confirmations: [{ confirmed: true }],
      }) as unknown as Scan;
    expect(scanSentence(scan(0.01))).toMatch(
      /^1 of 2 pushes lie at q < 0.05; the largest is feature 2 at δₐ \+0.05, −0.6\d*\u00a0m\/s; 1 of 1 confirmation on fresh seeds held\.$/,
    );
    expect(scanSentence(scan(0.5))).toContain("nothing is distinguishable from chance");
  });

  it("how far a push is safe", () => {
    const ladder = [{}, {}] as Calibration["ladder"];
    expect(safeSentence({ safe_range: { negative: 0.1, positive: null }, dose: -0.05, ladder })).toBe(
      "Of 2 doses tried, those from −0.1 to 0 are safe; δₐ −0.050 was chosen.",
    );
    expect(safeSentence({ safe_range: { negative: null, positive: null }, dose: null, ladder })).toBe(
      "None of the 2 doses tried is safe; no dose reached what was wanted.",
    );
  });
});
