import { expect, test } from "vitest";

import { SvgContext } from "./svg-context";

const parsed = (plane: SvgContext) => {
  const found = new DOMParser().parseFromString(
    plane.text(40, 20, "A & B", "http://x/?a=1&b=2"),
    "image/svg+xml",
  );
  expect(found.querySelector("parsererror")).toBeNull();
  return found;
};

test("lines, discs and texts become elements with the pen's colours", () => {
  const plane = new SvgContext();
  plane.strokeStyle = "#123456";
  plane.lineWidth = 3;
  plane.beginPath();
  plane.moveTo(1, 2);
  plane.lineTo(3.14159, 4);
  plane.stroke();
  plane.fillStyle = "red";
  plane.beginPath();
  plane.arc(10, 10, 5);
  plane.fill();
  plane.fillText("x < 1", 2, 18);
  const svg = parsed(plane);
  const [line, disc] = svg.querySelectorAll("path");
  expect(line).toMatchObject({ outerHTML: expect.stringContaining('d="M1 2L3.14 4"') as string });
  expect(line?.getAttribute("stroke")).toBe("#123456");
  expect(line?.getAttribute("stroke-width")).toBe("3");
  expect(line?.getAttribute("fill")).toBe("none");
  expect(disc?.getAttribute("d")).toBe("M5 10a5 5 0 1 0 10 0a5 5 0 1 0 -10 0");
  expect(disc?.getAttribute("fill")).toBe("red");
  expect(svg.querySelector("text")?.textContent).toBe("x < 1");
  expect(svg.querySelector("title")?.textContent).toBe("A & B");
});

test("what is moved, turned, faded and cut off stays so until it is restored", () => {
  const plane = new SvgContext();
  plane.save();
  plane.beginPath();
  plane.rect(0, 0, 20, 20);
  plane.clip();
  plane.translate(5, 6);
  plane.rotate(Math.PI / 2);
  plane.globalAlpha = 0.45;
  plane.fillRect(0, 0, 1, 1);
  plane.restore();
  plane.fillRect(0, 0, 2, 2);
  const [inside, after] = parsed(plane).querySelectorAll("rect");
  expect(inside?.getAttribute("transform")).toBe("translate(5 6)rotate(90)");
  expect(inside?.getAttribute("opacity")).toBe("0.45");
  expect(inside?.parentElement?.getAttribute("clip-path")).toBe("url(#area-1)");
  expect(after?.getAttribute("transform")).toBeNull();
  expect(after?.getAttribute("opacity")).toBeNull();
  expect(after?.parentElement?.tagName).toBe("svg");
});
