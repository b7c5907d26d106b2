import { expect, test } from "vitest";

import { SvgContext } from "@/lib/svg-context";

import type { ReplayArm } from "./decode";
import { SKETCHES } from "./sketches";

/** What a sketch draws of these observations at the last step, as elements of SVG. */
function drawn(kind: string, ...steps: number[][]) {
  const context = new SvgContext();
  const channels = steps[0] ?? [];
  const data = new Float32Array(channels.flatMap((_, channel) => steps.map((step) => step[channel] ?? 0)));
  const observations = { data, channels: channels.length, length: steps.length };
  const arm = { name: "a", length: steps.length, signals: { observations } } as unknown as ReplayArm;
  const pen = { context, width: 200, height: 100, color: "orange", line: "silver", ink: "black" };
  SKETCHES[kind]?.(pen, arm, steps.length - 1);
  const document = new DOMParser().parseFromString(context.text(200, 100, kind, ""), "image/svg+xml");
  const all = (color: string) =>
    [...document.querySelectorAll(`path[stroke=${color}], [fill=${color}]`)].map(
      (one) => one.getAttribute("d") ?? one.textContent,
    );
  return { all, document };
}

test("a pendulum at θ = 0 stands upright, at a quarter turn to the left it lies", () => {
  expect(drawn("pendulum", [1, 0]).all("orange")).toEqual(["M100 50L100 12"]);
  expect(drawn("pendulum", [0, 1]).all("orange")).toEqual(["M100 50L62 50"]);
});

test("a cart is where it is observed and its pole leans to the side of a positive angle", () => {
  const { all, document } = drawn("cart_pole", [2.6, 0, Math.PI / 2, 0]);
  const cart = document.querySelector("rect");
  expect(Number(cart?.getAttribute("x")) + Number(cart?.getAttribute("width")) / 2).toBeCloseTo(200);
  const [, from, to] = /^M([\d.]+) [\d.]+L([\d.]+)/.exec(all("orange")[0] ?? "") ?? [];
  expect(Number(to)).toBeGreaterThan(Number(from) + 30);
});

test("a lander's leg takes the arm's colour once it touches", () => {
  const flying = drawn("lunar_lander", [0, 1, 0, 0, 0, 0, 0, 0]);
  const landed = drawn("lunar_lander", [0, 0, 0, 0, 0, 0, 1, 1]);
  expect(flying.all("orange")).toHaveLength(1); // the hull
  expect(landed.all("orange")).toHaveLength(3);
  expect(flying.document.querySelector("[fill=orange]")?.getAttribute("transform")).toContain(
    "translate(100 24)",
  );
});

test("a walker's foot is marked while it stands", () => {
  const state = (right: number) => [0, 0, 0, 0, 0, 0, 0, 0, right, 0, 0, 0, 0, 0];
  expect(drawn("bipedal_walker", state(0)).document.querySelectorAll("[fill=orange]")).toHaveLength(0);
  expect(drawn("bipedal_walker", state(1)).document.querySelectorAll("[fill=orange]")).toHaveLength(1);
});

test("a portrait is the path so far on axes that hold all of it", () => {
  const { all } = drawn("portrait", [0, 0], [3, 0], [3, -3]);
  expect(all("orange")[0]).toBe("M100 50L134.5 50L134.5 84.5");
  expect(all("black")).toContain("x₁, x₂ within ±4");
});
