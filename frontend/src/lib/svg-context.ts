/** What the drawings in the plane use of a canvas, so that the same code can also write SVG. */
export type Plane = Pick<
  CanvasRenderingContext2D,
  | "arc"
  | "beginPath"
  | "clip"
  | "fill"
  | "fillRect"
  | "fillStyle"
  | "fillText"
  | "font"
  | "globalAlpha"
  | "lineCap"
  | "lineJoin"
  | "lineTo"
  | "lineWidth"
  | "moveTo"
  | "rect"
  | "restore"
  | "rotate"
  | "save"
  | "stroke"
  | "strokeStyle"
  | "translate"
>;

interface State {
  transform: string;
  globalAlpha: number;
  fillStyle: Plane["fillStyle"];
  strokeStyle: Plane["strokeStyle"];
  lineWidth: number;
  font: string;
  clip: string;
}

const round = (value: number) => String(Math.round(value * 100) / 100);
const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** Gradients and patterns are not drawn with. */
const colour = (style: Plane["fillStyle"]) => (typeof style === "string" ? style : "none");

/** Writes down what is drawn on it as elements of SVG. Arcs are whole circles, lines have round ends. */
export class SvgContext implements Plane {
  fillStyle: Plane["fillStyle"] = "#000";
  strokeStyle: Plane["strokeStyle"] = "#000";
  lineWidth = 1;
  lineCap: CanvasLineCap = "round";
  lineJoin: CanvasLineJoin = "round";
  font = "10px sans-serif";
  globalAlpha = 1;
  private transform = "";
  private area = "";
  private path = "";
  private readonly saved: State[] = [];
  private readonly elements: string[] = [];
  private clips = 0;

  save() {
    const { transform, globalAlpha, fillStyle, strokeStyle, lineWidth, font, area } = this;
    this.saved.push({ transform, globalAlpha, fillStyle, strokeStyle, lineWidth, font, clip: area });
  }
  restore() {
    const last = this.saved.pop();
    if (!last) return;
    const { clip, transform, ...rest } = last;
    Object.assign(this, rest);
    this.transform = transform;
    this.area = clip;
  }
  translate(x: number, y: number) {
    this.transform += `translate(${round(x)} ${round(y)})`;
  }
  rotate(angle: number) {
    this.transform += `rotate(${round((angle * 180) / Math.PI)})`;
  }
  beginPath() {
    this.path = "";
  }
  moveTo(x: number, y: number) {
    this.path += `M${round(x)} ${round(y)}`;
  }
  lineTo(x: number, y: number) {
    this.path += `L${round(x)} ${round(y)}`;
  }
  rect(x: number, y: number, width: number, height: number) {
    this.path += `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}Z`;
  }
  arc(x: number, y: number, radius: number) {
    const [r, d] = [round(radius), round(2 * radius)];
    this.path += `M${round(x - radius)} ${round(y)}a${r} ${r} 0 1 0 ${d} 0a${r} ${r} 0 1 0 -${d} 0`;
  }
  clip() {
    const id = `area-${String(++this.clips)}`;
    this.elements.push(`<clipPath id="${id}"><path d="${this.path}"${this.moved()}/></clipPath>`);
    this.area = id;
  }
  fill() {
    this.add(`<path d="${this.path}" fill="${colour(this.fillStyle)}"`, "/>");
  }
  stroke() {
    const { strokeStyle, lineWidth, lineCap, lineJoin } = this;
    this.add(
      `<path d="${this.path}" fill="none" stroke="${colour(strokeStyle)}" stroke-width="${round(lineWidth)}" stroke-linecap="${lineCap}" stroke-linejoin="${lineJoin}"`,
      "/>",
    );
  }
  fillRect(x: number, y: number, width: number, height: number) {
    this.add(
      `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${colour(this.fillStyle)}"`,
      "/>",
    );
  }
  fillText(text: string, x: number, y: number) {
    this.add(
      `<text x="${round(x)}" y="${round(y)}" fill="${colour(this.fillStyle)}" style="font:${escaped(this.font)}"`,
      `>${escaped(text)}</text>`,
    );
  }

  /** The whole as a file. */
  text(width: number, height: number, title: string, address: string): string {
    const size = `width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}"`;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" ${size}>`,
      `<title>${escaped(title)}</title><desc>${escaped(address)}</desc>`,
      ...this.elements,
      "</svg>",
    ].join("\n");
  }

  private add(start: string, end: string) {
    const faint = this.globalAlpha < 1 ? ` opacity="${round(this.globalAlpha)}"` : "";
    const element = `${start}${this.moved()}${faint}${end}`;
    // the clipped area lies where the page has it, not where the element was moved to
    this.elements.push(this.area === "" ? element : `<g clip-path="url(#${this.area})">${element}</g>`);
  }
  private moved() {
    return this.transform === "" ? "" : ` transform="${this.transform}"`;
  }
}
