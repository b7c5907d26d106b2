/** What of an element's style is drawn; everything else follows from the attributes. */
const DRAWN = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap",
  "stroke-linejoin", "opacity", "font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline",
  "visibility", "display",
] as const; // prettier-ignore

const MARGIN = 8;

/** A chart as a file of its own: styles written in, on the page's surface, with the address it came from. */
export function svgText(chart: SVGSVGElement, title: string): string {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const originals = [chart, ...chart.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll<SVGElement>("*")].forEach((element, index) => {
    const original = originals[index];
    if (!original) return;
    const style = getComputedStyle(original);
    for (const name of DRAWN) {
      const value = style.getPropertyValue(name);
      if (value !== "") element.style.setProperty(name, value);
    }
    element.removeAttribute("class");
  });
  const { width, height } = chart.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `${-MARGIN} ${-MARGIN} ${width + 2 * MARGIN} ${height + 2 * MARGIN}`);
  copy.setAttribute("width", String(width + 2 * MARGIN));
  copy.setAttribute("height", String(height + 2 * MARGIN));
  copy.prepend(named("title", title), named("desc", window.location.href), paper(width, height));
  return new XMLSerializer().serializeToString(copy);
}

function named(tag: "title" | "desc", text: string): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  element.textContent = text;
  return element;
}

function paper(width: number, height: number): SVGElement {
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const surface = getComputedStyle(document.documentElement).getPropertyValue("--surface") || "#ffffff";
  const place = {
    x: -MARGIN,
    y: -MARGIN,
    width: width + 2 * MARGIN,
    height: height + 2 * MARGIN,
    fill: surface,
  };
  Object.entries(place).forEach(([name, value]) => rect.setAttribute(name, String(value)));
  return rect;
}

/** The same drawing as pixels, twice as fine as on screen. */
export async function pngOf(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.width * 2;
  canvas.height = image.height * 2;
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvasPng(canvas);
}

export const canvasPng = (canvas: HTMLCanvasElement) =>
  new Promise<Blob>((done, fail) =>
    canvas.toBlob((blob) =>
      blob ? done(blob) : fail(new Error("The browser could not write the picture.")),
    ),
  );
