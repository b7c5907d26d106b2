import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, type MouseEvent } from "react";

import { num } from "@/lib/format";
import { useSize } from "@/ui/use-size";

import { clampCell, moved, type Cell, type Matrix } from "./matrix";
import classes from "./Weights.module.css";

interface Props {
  matrix: Matrix;
  cell: Cell;
  onCell: (cell: Cell) => void;
  label: string;
}

interface Grid {
  width: number;
  height: number;
}

function gridSize(matrix: Matrix, room: number): Grid {
  const side = Math.max(1, Math.min(22, room / matrix.columns, 300 / matrix.rows));
  const width = matrix.isVector ? Math.min(room, matrix.columns * 22) : side * matrix.columns;
  return { width, height: matrix.isVector ? 34 : side * matrix.rows };
}

function paint(canvas: HTMLCanvasElement, matrix: Matrix, cell: Cell, grid: Grid) {
  const ctx = canvas.getContext("2d");
  if (!ctx) return;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(grid.width * ratio);
  canvas.height = Math.round(grid.height * ratio);
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(canvas);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const [pos, neg, ink, inset] = [color("--pos"), color("--neg"), color("--ink"), color("--inset")];
  const [w, h] = [grid.width / matrix.columns, grid.height / matrix.rows];
  const seam = w > 5 && h > 5 ? 1 : 0;
  ctx.fillStyle = inset;
  ctx.fillRect(0, 0, grid.width, grid.height);
  for (let row = 0; row < matrix.rows; row += 1) {
    for (let column = 0; column < matrix.columns; column += 1) {
      const value = matrix.at({ row, column });
      ctx.globalAlpha = matrix.largest > 0 ? (Math.abs(value) / matrix.largest) ** 0.7 : 0;
      ctx.fillStyle = value < 0 ? neg : pos;
      ctx.fillRect(column * w, row * h, w - seam, h - seam);
      if (matrix.edited({ row, column }) && seam) {
        ctx.globalAlpha = 1;
        ctx.fillStyle = ink;
        ctx.fillRect(column * w + w / 2 - 1.5, row * h + h / 2 - 1.5, 3, 3);
      }
    }
  }
  ctx.globalAlpha = 1;
  ctx.strokeStyle = ink;
  ctx.lineWidth = 1.5;
  ctx.strokeRect(
    cell.column * w + 0.25,
    cell.row * h + 0.25,
    Math.max(3, w - seam - 0.5),
    Math.max(3, h - seam - 0.5),
  );
}

/** The parameter as a heat map: blue negative, orange positive, a dot on edited cells. Click or arrow keys choose a cell. */
export function HeatMap({ matrix, cell, onCell, label }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme();
  const [ref, { width: room }] = useSize();
  const grid = gridSize(matrix, room);

  useEffect(() => {
    if (canvas.current && room > 0) paint(canvas.current, matrix, cell, gridSize(matrix, room));
  }, [matrix, cell, room, scheme]);

  const choose = (event: MouseEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * matrix.rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * matrix.columns);
    onCell(clampCell(matrix, { row, column }));
  };

  return (
    <div ref={ref} className={classes.heat}>
      <canvas
        ref={canvas}
        role="application"
        tabIndex={0}
        aria-label={`${label}: cell ${cell.row}, ${cell.column} is ${num(matrix.at(cell))}. Arrow keys move.`}
        style={{ width: grid.width, height: grid.height }}
        onClick={choose}
        onKeyDown={(event) => {
          const next = moved(matrix, cell, event.key);
          if (!next) return;
          event.preventDefault();
          onCell(next);
        }}
      />
    </div>
  );
}
