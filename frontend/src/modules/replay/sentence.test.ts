import { expect, test } from "vitest";

import { shareSentence, signalSentence } from "./sentence";

const line = (name: string, ...values: number[]) => ({ name, values: Float32Array.from(values) });

test("means of the arms while they last, and where the outer two are furthest apart", () => {
  expect(signalSentence([line("baseline", 1, 1, 1), line("steered", 1, 3, 2, 9)])).toBe(
    "On average baseline 1, steered 3.75; baseline and steered are furthest apart at step 1, by 2.",
  );
  expect(signalSentence([line("baseline", 2, 2), line("steered", 2, 2)])).toContain("the same at every");
  expect(signalSentence([line("baseline", 2, 4), line("empty")])).toBe("On average baseline 3.");
  expect(signalSentence([])).toBe("Nothing was recorded.");
});

test("the share of steps of a contact", () => {
  expect(shareSentence([line("baseline", 0, 1, 1, 0), line("steered", 1)])).toBe(
    "baseline 50\u00a0%, steered 100\u00a0% of its steps.",
  );
});
