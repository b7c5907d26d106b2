import { expect, test } from "vitest";

import { inOrder } from "./Signals";

const edit = (feature_idx: number, other_idx?: number) => ({ feature_idx, other_idx, op: "add", value: 1 });
const arm = (name: string, ...edits: unknown[]) => ({ name, edits });
const run = { arms: [arm("baseline"), arm("a", edit(9)), arm("b", edit(2, 7))] } as never;

test("features that an arm on show steers come first, swapped ones too, the rest by number", () => {
  const features = [1, 2, 7, 9];
  const shown = (...names: string[]) => ({ features, arms: names.map((name) => ({ name })) }) as never;
  expect(inOrder(run, shown("baseline", "a"))).toEqual([3, 0, 1, 2]);
  expect(inOrder(run, shown("b"))).toEqual([1, 2, 0, 3]);
  expect(inOrder(run, shown("baseline"))).toEqual([0, 1, 2, 3]);
});
