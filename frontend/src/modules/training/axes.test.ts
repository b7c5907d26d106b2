import { expect, test } from "vitest";

import { axes, HEIGHT, PAD, type Measure } from "./axes";

const FVU: Measure = { name: "fvu", title: "FVU against L0", term: "fvu", log: true };

test.each([[[0.0004]], [[0.0064]], [[0.3, 1.4]], [[0.00184, 0.0155, 0.0062]]])(
  "points at %j lie inside the plot",
  (values) => {
    const { y } = axes(
      values.map((value) => ({ l0: 8, value })),
      [],
      FVU,
      300,
    );
    for (const value of values) {
      expect(y(value)).toBeGreaterThan(PAD.top);
      expect(y(value)).toBeLessThan(HEIGHT - PAD.bottom);
    }
  },
);

test("one point alone lies in the middle, and with none there is an axis still", () => {
  expect(axes([{ l0: 8, value: 0.0064 }], [], FVU, 300).y(0.0064)).toBeCloseTo(
    (PAD.top + HEIGHT - PAD.bottom) / 2,
    -1,
  );
  expect(axes([], [], FVU, 300).ticks.length).toBeGreaterThan(0);
});
