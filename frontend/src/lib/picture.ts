// Pictures of what is drawn on a canvas: with the names of its panes, which are text of the page on screen.
import { SvgContext, type Plane } from "./svg-context";

/** How a canvas is drawn again: WebGL forgets its pixels once they are shown, and a plane drawing can also be lines. */
export interface Painter {
  again?: () => void;
  /** For the screen, once the picture is taken. */
  after?: () => void;
  vector?: (plane: Plane) => void;
}

export interface Head {
  text: string;
  color: string;
  note?: string;
}

/** What is written above the panes, one for each, and below all of them. */
export interface Legend {
  heads: readonly Head[];
  caption: string;
}

const painters = new WeakMap<HTMLCanvasElement, Painter>();
export const paintedBy = (canvas: HTMLCanvasElement, painter: Painter) => void painters.set(canvas, painter);

const ABOVE = 44;
const BELOW = 26;
const SIDE = 12;
const FINE = 2;

/** The canvas as it is now; where it was told how, drawn freshly and copied, with its legend. */
export function pictureOf(canvas: HTMLCanvasElement, legend?: Legend): HTMLCanvasElement {
  const painter = painters.get(canvas);
  if (!painter && !legend) return canvas;
  const whole = document.createElement("canvas");
  const context = whole.getContext("2d");
  if (!context) throw new Error("The browser could not draw the picture.");
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const [above, below] = legend ? [ABOVE, BELOW] : [0, 0];
  whole.width = width * FINE;
  whole.height = (above + height + below) * FINE;
  context.scale(FINE, FINE);
  if (legend) write(context, legend, width, height);
  if (painter?.vector) {
    context.translate(0, above);
    painter.vector(context); // as fine as the picture, not as the screen
    return whole;
  }
  painter?.again?.(); // in the task that reads it: WebGL shows its pixels once
  context.drawImage(canvas, 0, above, width, height);
  painter?.after?.();
  return whole;
}

/** The same as SVG; only of what is drawn in the plane. */
export function vectorOf(canvas: HTMLCanvasElement, title: string, legend?: Legend): string {
  const vector = painters.get(canvas)?.vector;
  if (!vector) throw new Error("There is nothing drawn yet to save.");
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const plane = new SvgContext();
  if (legend) write(plane, legend, width, height);
  plane.save();
  if (legend) plane.translate(0, ABOVE);
  vector(plane);
  plane.restore();
  return plane.text(width, height + (legend ? ABOVE + BELOW : 0), title, window.location.href);
}

function write(plane: Plane, { heads, caption }: Legend, width: number, height: number) {
  const style = getComputedStyle(document.documentElement);
  const ink = (name: string) => style.getPropertyValue(name).trim();
  const family = getComputedStyle(document.body).fontFamily || "sans-serif";
  const pane = width / Math.max(1, heads.length);
  plane.fillStyle = ink("--surface") || "#fff";
  plane.fillRect(0, 0, width, ABOVE + height + BELOW);
  for (const [index, { text, color, note }] of heads.entries()) {
    const x = index * pane + SIDE;
    plane.fillStyle = color;
    plane.font = `600 13px ${family}`;
    plane.fillText(text, x, 18);
    plane.fillStyle = ink("--ink-2") || "#444";
    plane.font = `11px ${family}`;
    if (note) plane.fillText(note, x, 34);
  }
  plane.fillStyle = ink("--ink-2") || "#444";
  plane.font = `11px ${family}`;
  plane.fillText(caption, SIDE, ABOVE + height + 17);
}
