// Sizes and paints heat maps of weights: blue negative, orange positive, a dot on edited cells.
import type { Cell, Matrix, Window } from "./matrix";

export interface Grid {
  width: number;
  height: number;
}

const MOST_HEIGHT = 300;

export function gridSize(
  { rows, columns }: Pick<Window, "rows" | "columns">,
  room: number,
  isVector = false,
): Grid {
  const side = Math.max(1, Math.min(22, room / columns, MOST_HEIGHT / rows));
  const width = isVector ? Math.min(room, columns * 22) : side * columns;
  return { width, height: isVector ? 34 : side * rows };
}

/** Clears a canvas of this size, in units of the page, and looks its colours up once. */
function prepare(canvas: HTMLCanvasElement, grid: Grid) {
  const ctx = canvas.getContext("2d");
  if (!ctx) return null;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(grid.width * ratio);
  canvas.height = Math.round(grid.height * ratio);
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(canvas);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const [positive, negative] = [color("--pos"), color("--neg")];
  ctx.fillStyle = color("--inset");
  ctx.fillRect(0, 0, grid.width, grid.height);
  const fill = (value: number, largest: number) => {
    ctx.globalAlpha = largest > 0 ? Math.min(1, (Math.abs(value) / largest) ** 0.7) : 0;
    ctx.fillStyle = value < 0 ? negative : positive;
  };
  const frame = (x: number, y: number, width: number, height: number) => {
    ctx.globalAlpha = 1;
    ctx.strokeStyle = color("--ink");
    ctx.lineWidth = 1.5;
    ctx.strokeRect(x, y, width, height);
  };
  return { ctx, ink: color("--ink"), fill, frame };
}

/** The cells of the window. */
export function paintCells(canvas: HTMLCanvasElement, matrix: Matrix, cell: Cell, grid: Grid) {
  const tools = prepare(canvas, grid);
  if (!tools) return;
  const { ctx, ink, fill, frame } = tools;
  const { row: top, column: left, rows, columns } = matrix.window;
  const [w, h] = [grid.width / columns, grid.height / rows];
  const seam = w > 5 && h > 5 ? 1 : 0;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const at = { row: top + row, column: left + column };
      fill(matrix.at(at), matrix.largest);
      ctx.fillRect(column * w, row * h, w - seam, h - seam);
      if (matrix.edited(at) && seam) {
        ctx.globalAlpha = 1;
        ctx.fillStyle = ink;
        ctx.fillRect(column * w + w / 2 - 1.5, row * h + h / 2 - 1.5, 3, 3);
      }
    }
  }
  const [x, y] = [(cell.column - left) * w, (cell.row - top) * h];
  frame(x + 0.25, y + 0.25, Math.max(3, w - seam - 0.5), Math.max(3, h - seam - 0.5));
}

/** All of a large matrix in blocks, and a frame around the window. */
export function paintOverview(
  canvas: HTMLCanvasElement,
  blocks: readonly (readonly (number | null)[])[],
  matrix: Matrix,
  grid: Grid,
) {
  const tools = prepare(canvas, grid);
  if (!tools) return;
  const { ctx, fill, frame } = tools;
  const [w, h] = [grid.width / (blocks[0]?.length ?? 1), grid.height / blocks.length];
  blocks.forEach((line, row) =>
    line.forEach((value, column) => {
      fill(value ?? 0, matrix.largest);
      ctx.fillRect(column * w, row * h, Math.ceil(w), Math.ceil(h));
    }),
  );
  const { row, column, rows, columns } = matrix.window;
  const [x, y] = [grid.width / matrix.columns, grid.height / matrix.rows];
  frame(column * x + 0.75, row * y + 0.75, columns * x - 1.5, rows * y - 1.5);
}
