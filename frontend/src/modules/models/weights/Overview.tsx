import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, type MouseEvent } from "react";

import { count } from "@/lib/format";
import type { LayerWeights } from "@/lib/types";
import { Saveable } from "@/ui/Saveable";
import { useSize } from "@/ui/use-size";

import { gridSize, paintOverview } from "./heat-paint";
import { clampCell, SIDE, type Cell, type Matrix } from "./matrix";
import classes from "./Weights.module.css";

interface Props {
  overview: NonNullable<LayerWeights["overview"]>;
  matrix: Matrix;
  onCell: (cell: Cell) => void;
}

/** A matrix too large for its cells to be seen: blocks by their strongest weight. A click moves the window. */
export function Overview({ overview, matrix, onCell }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme();
  const [ref, { width: room }] = useSize();
  const blocks = overview.values;
  const shape = { rows: blocks.length, columns: blocks[0]?.length ?? 1 };
  const grid = gridSize(shape, room);
  useEffect(() => {
    if (canvas.current && grid.width > 0)
      paintOverview(canvas.current, blocks, matrix, { width: grid.width, height: grid.height });
  }, [blocks, matrix, grid.width, grid.height, scheme]);

  const choose = (event: MouseEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * matrix.rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * matrix.columns);
    onCell(clampCell(matrix, { row, column }));
  };
  const [high, wide] = overview.block;
  const { row, column, rows, columns } = matrix.window;
  return (
    <figure ref={ref} className={classes.overview}>
      <Saveable title="All of the weights" as="picture">
        <canvas
          ref={canvas}
          role="img"
          aria-label={`All ${count(matrix.rows)} × ${count(matrix.columns)} cells; the row and column fields below move the window too`}
          style={{ width: grid.width, height: grid.height }}
          onClick={choose}
        />
      </Saveable>
      <figcaption>
        All {count(matrix.rows)} × {count(matrix.columns)} cells, each block of {high} × {wide} by its
        strongest. Click to move the window of {SIDE} × {SIDE}: now rows {row} to {row + rows - 1}, columns{" "}
        {column} to {column + columns - 1}.
      </figcaption>
    </figure>
  );
}
