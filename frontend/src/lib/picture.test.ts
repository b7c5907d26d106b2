import { afterEach, expect, test, vi } from "vitest";

import { paintedBy, pictureOf, vectorOf } from "./picture";

const LEGEND = {
  heads: [
    { text: "baseline", color: "grey", note: "return 12" },
    { text: "+α", color: "orange" },
  ],
  caption: "Walker2d-v5, seed 3",
};

function canvasOf(width: number, height: number) {
  const canvas = document.createElement("canvas");
  Object.defineProperties(canvas, { clientWidth: { value: width }, clientHeight: { value: height } });
  return canvas;
}

afterEach(() => vi.restoreAllMocks());

function watched() {
  const did: unknown[][] = [];
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue({
    scale: (...given: number[]) => did.push(["scale", ...given]),
    fillRect: () => undefined,
    fillText: (...given: unknown[]) => did.push(given),
    drawImage: (...given: unknown[]) => did.push(["image", ...given.slice(1)]),
  } as never);
  const canvas = canvasOf(200, 100);
  paintedBy(canvas, { again: () => did.push(["again"]), after: () => did.push(["after"]) });
  return { did, canvas };
}

test("a canvas that forgets its pixels is drawn again just before it is copied, and for the screen after", () => {
  const { did, canvas } = watched();
  const whole = pictureOf(canvas);
  expect([whole.width, whole.height]).toEqual([400, 200]);
  expect(did).toEqual([["scale", 2, 2], ["again"], ["image", 0, 0, 200, 100], ["after"]]);
});

test("a canvas that keeps its pixels is saved as it is", () => {
  const canvas = canvasOf(200, 100);
  expect(pictureOf(canvas)).toBe(canvas);
});

test("with a legend the picture is larger: names above their panes, the caption below, the drawing between", () => {
  const { did, canvas } = watched();
  const whole = pictureOf(canvas, LEGEND);
  expect([whole.width, whole.height]).toEqual([400, 340]);
  expect(did).toEqual([
    ["scale", 2, 2],
    ["baseline", 12, 18],
    ["return 12", 12, 34],
    ["+α", 112, 18],
    ["Walker2d-v5, seed 3", 12, 161],
    ["again"],
    ["image", 0, 44, 200, 100],
    ["after"],
  ]);
});

test("a drawing in the plane as SVG: the same strokes below the same names", () => {
  const canvas = canvasOf(200, 100);
  paintedBy(canvas, {
    vector: (plane) => {
      plane.fillStyle = "teal";
      plane.fillRect(1, 2, 3, 4);
    },
  });
  const svg = vectorOf(canvas, "Replay", LEGEND);
  expect(svg).toContain('<rect x="1" y="2" width="3" height="4" fill="teal" transform="translate(0 44)"/>');
  expect(svg).toContain(">baseline</text>");
  expect(svg).toContain('height="170"');
  expect(vectorOf(canvas, "Replay")).toContain('height="100"');
});

test("what was never drawn cannot be saved as lines", () =>
  expect(() => vectorOf(canvasOf(1, 1), "x")).toThrow("There is nothing drawn yet to save."));
