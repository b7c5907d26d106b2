import { useRef, useState, type ReactNode } from "react";

import { tableCsv } from "@/lib/csv";
import { messageOf } from "@/lib/errors";
import { canvasPng, pngOf, svgText } from "@/lib/figure";
import { pictureOf, vectorOf, type Legend } from "@/lib/picture";
import { fileName, saveBlob, saveText } from "@/lib/save";

import classes from "./Saveable.module.css";

interface Props {
  /** What it shows, as the file is to be called. */
  title: string;
  /** A drawing becomes SVG and PNG, a picture of pixels PNG, a sketch on a canvas both, a table CSV. */
  as: "drawing" | "picture" | "sketch" | "table";
  /** Of a picture or sketch: what is written around it, as it is at that moment. */
  legend?: () => Legend;
  children: ReactNode;
}

type Writer = (box: HTMLElement, title: string, legend?: Legend) => Promise<void> | void;

const savePixels: Writer = async (box, title, legend) =>
  saveBlob(await canvasPng(pictureOf(the(box, "canvas"), legend)), `${fileName(title)}.png`);

const FORMATS: Record<Props["as"], Record<string, Writer>> = {
  drawing: {
    SVG: (box, title) => saveText(svgText(the(box, "svg"), title), `${fileName(title)}.svg`, "image/svg+xml"),
    PNG: async (box, title) =>
      saveBlob(await pngOf(svgText(the(box, "svg"), title)), `${fileName(title)}.png`),
  },
  picture: { PNG: savePixels },
  sketch: {
    SVG: (box, title, legend) =>
      saveText(vectorOf(the(box, "canvas"), title, legend), `${fileName(title)}.svg`, "image/svg+xml"),
    PNG: savePixels,
  },
  table: {
    CSV: (box, title) => saveText(tableCsv(the(box, "table")), `${fileName(title)}.csv`, "text/csv"),
  },
};

function the<K extends "svg" | "canvas" | "table">(box: HTMLElement, tag: K) {
  const found = box.querySelector(tag);
  if (!found) throw new Error("There is nothing drawn yet to save.");
  return found as K extends "svg" ? SVGSVGElement : K extends "canvas" ? HTMLCanvasElement : HTMLTableElement;
}

/** A figure or table that can be saved as it is shown; the buttons appear when it is pointed at or reached by key. */
export function Saveable({ title, as, legend, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [failure, setFailure] = useState<string>();
  const write = async (writer: Writer) => {
    setFailure(undefined);
    try {
      if (box.current) await writer(box.current, title, legend?.());
    } catch (error) {
      setFailure(messageOf(error));
    }
  };
  return (
    <div ref={box} className={classes.box}>
      {children}
      <div className={classes.buttons} role="group" aria-label={`Save ${title}`}>
        {Object.entries(FORMATS[as]).map(([format, writer]) => (
          <button
            key={format}
            type="button"
            aria-label={`Save as ${format}`}
            onClick={() => void write(writer)}
          >
            {format}
          </button>
        ))}
      </div>
      {failure && <p role="alert">{failure}</p>}
    </div>
  );
}
