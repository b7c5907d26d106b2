import type { LayerWeights } from "@/lib/types";

export interface Cell {
  row: number;
  column: number;
}

/** A rectangle of cells. */
export interface Window extends Cell {
  rows: number;
  columns: number;
}

/** A parameter as rows and columns; a vector (a bias) is one row. Of a large one a window is known. */
export interface Matrix {
  rows: number;
  columns: number;
  window: Window;
  largest: number;
  isVector: boolean;
  /** NaN outside the window. */
  at: (cell: Cell) => number;
  index: (cell: Cell) => number[];
  edited: (cell: Cell) => boolean;
}

const keyOf = ({ row, column }: Cell) => `${row},${column}`;

function toRows(values: LayerWeights["values"]): number[][] {
  return Array.isArray(values[0]) ? (values as number[][]) : [values as number[]];
}

export function asMatrix(weights: LayerWeights): Matrix {
  const values = toRows(weights.values);
  const isVector = weights.shape.length < 2;
  const place = (index: number[]): Cell =>
    isVector ? { row: 0, column: index[0] ?? 0 } : { row: index[0] ?? 0, column: index[1] ?? 0 };
  const edited = new Set(weights.edited.map((index) => keyOf(place(index))));
  const size = isVector ? [1, ...weights.shape] : weights.shape;
  const start = place(weights.start);
  return {
    rows: size[0] ?? 0,
    columns: size[1] ?? 0,
    window: { ...start, rows: values.length, columns: values[0]?.length ?? 0 },
    largest: Math.max(Math.abs(weights.stats.min ?? 0), Math.abs(weights.stats.max ?? 0)),
    isVector,
    at: ({ row, column }) => values[row - start.row]?.[column - start.column] ?? NaN,
    index: ({ row, column }) => (isVector ? [column] : [row, column]),
    edited: (cell) => edited.has(keyOf(cell)),
  };
}

const MOST_CELLS = 65_536;
export const SIDE = 64;

/** The window that holds a cell of a parameter too large to be read whole; null where it is not. */
export function windowOf(shape: readonly number[], { row, column }: Cell) {
  if (shape.reduce((cells, length) => cells * length, 1) <= MOST_CELLS) return null;
  const first = (place: number) => Math.floor(place / SIDE) * SIDE;
  return { row: shape.length < 2 ? 0 : first(row), column: first(column), size: SIDE };
}

export function clampCell(matrix: Matrix, { row, column }: Cell): Cell {
  const clamp = (value: number, size: number) => Math.max(0, Math.min(size - 1, Math.round(value)));
  return { row: clamp(row, matrix.rows), column: clamp(column, matrix.columns) };
}

const STEPS: Record<string, Cell> = {
  ArrowUp: { row: -1, column: 0 },
  ArrowDown: { row: 1, column: 0 },
  ArrowLeft: { row: 0, column: -1 },
  ArrowRight: { row: 0, column: 1 },
};

/** The cell that an arrow key moves to, or null for any other key. */
export function moved(matrix: Matrix, cell: Cell, key: string): Cell | null {
  const step = STEPS[key];
  return step ? clampCell(matrix, { row: cell.row + step.row, column: cell.column + step.column }) : null;
}
