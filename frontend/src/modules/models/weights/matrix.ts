import type { LayerWeights } from "@/lib/types";

export interface Cell {
  row: number;
  column: number;
}

/** A parameter as rows and columns; a vector (a bias) is one row. */
export interface Matrix {
  rows: number;
  columns: number;
  largest: number;
  isVector: boolean;
  at: (cell: Cell) => number;
  index: (cell: Cell) => number[];
  edited: (cell: Cell) => boolean;
}

const keyOf = ({ row, column }: Cell) => `${row},${column}`;

function toRows(values: LayerWeights["values"]): number[][] {
  return Array.isArray(values[0]) ? (values as number[][]) : [values as number[]];
}

export function asMatrix(weights: LayerWeights): Matrix {
  const rows = toRows(weights.values);
  const isVector = weights.shape.length < 2;
  const edited = new Set(
    weights.edited.map((index) =>
      keyOf(isVector ? { row: 0, column: index[0] ?? 0 } : { row: index[0] ?? 0, column: index[1] ?? 0 }),
    ),
  );
  return {
    rows: rows.length,
    columns: rows[0]?.length ?? 0,
    largest: Math.max(Math.abs(weights.stats.min ?? 0), Math.abs(weights.stats.max ?? 0)),
    isVector,
    at: ({ row, column }) => rows[row]?.[column] ?? 0,
    index: ({ row, column }) => (isVector ? [column] : [row, column]),
    edited: (cell) => edited.has(keyOf(cell)),
  };
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
