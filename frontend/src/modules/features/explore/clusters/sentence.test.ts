import { expect, it } from "vitest";

import { mapSentence } from "./sentence";

it("says how many groups the map shows and how well they stand apart", () => {
  const points = [0.4, 0.5, 0.6].map((silhouette, index) => ({ cluster: index === 2 ? 1 : 0, silhouette }));
  expect(mapSentence(points)).toBe(
    "3 features in 2 groups, the largest of 2; groups are well apart: mean silhouette 0.50.",
  );
  expect(mapSentence(points.map((each) => ({ ...each, silhouette: 0.02 })))).toContain("hardly apart");
  expect(mapSentence([])).toBe("No feature is on the map.");
});
