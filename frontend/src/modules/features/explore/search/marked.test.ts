import { describe, expect, it } from "vitest";

import { inWords, piecesOf } from "./marked";

const does = { kind: "does", text: "raises right leg torque", marks: [[7, 12], [13, 16]] } as const; // prettier-ignore
const marks = (given: readonly (readonly [number, number])[]) => given.map((each) => [...each]);

describe("a clause that was found", () => {
  it("is cut at the words that answer, neighbours together", () => {
    expect(piecesOf({ text: does.text, marks: marks(does.marks) })).toEqual([
      { text: "raises ", hit: false },
      { text: "right leg", hit: true },
      { text: " torque", hit: false },
    ]);
  });

  it("stands overlapping and unordered marks", () => {
    expect(piecesOf({ text: "abcdef", marks: [[2, 4], [0, 3]] })).toEqual([
      { text: "abcd", hit: true },
      { text: "ef", hit: false },
    ]); // prettier-ignore
    expect(piecesOf({ text: "abc", marks: [] })).toEqual([{ text: "abc", hit: false }]);
  });

  it("is said with its kind", () => {
    const number = { kind: "number" as const, text: "feature 4", marks: [[0, 9]] };
    expect(inWords([{ ...does, marks: marks(does.marks) }, number])).toBe(
      "→ raises right leg torque; feature 4",
    );
  });
});
