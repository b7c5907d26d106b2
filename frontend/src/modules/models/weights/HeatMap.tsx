import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, type MouseEvent } from "react";

import { num } from "@/lib/format";
import { Saveable } from "@/ui/Saveable";
import { useSize } from "@/ui/use-size";

import { gridSize, paintCells } from "./heat-paint";
import { clampCell, moved, type Cell, type Matrix } from "./matrix";
import classes from "./Weights.module.css";

interface Props {
  matrix: Matrix;
  cell: Cell;
  onCell: (cell: Cell) => void;
  label: string;
  description: string;
}

/** The parameter as a heat map: blue negative, orange positive, a dot on edited cells. Click or arrow keys choose a cell. */
export function HeatMap({ matrix, cell, onCell, label, description }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme();
  const [ref, { width: room }] = useSize();
  const { window } = matrix;
  const grid = gridSize(window, room, matrix.isVector);

  useEffect(() => {
    if (canvas.current && room > 0)
      paintCells(canvas.current, matrix, cell, gridSize(matrix.window, room, matrix.isVector));
  }, [matrix, cell, room, scheme]);

  const choose = (event: MouseEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const row = window.row + Math.floor(((event.clientY - box.top) / box.height) * window.rows);
    const column = window.column + Math.floor(((event.clientX - box.left) / box.width) * window.columns);
    onCell(clampCell(matrix, { row, column }));
  };

  return (
    <Saveable title={`Weights of ${label}`} as="picture">
      <div ref={ref} className={classes.heat}>
        <canvas
          ref={canvas}
          role="application"
          tabIndex={0}
          aria-description={description}
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
    </Saveable>
  );
}
