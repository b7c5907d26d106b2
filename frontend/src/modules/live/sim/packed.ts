// Arrays of the API: base64 of little-endian float32, here in float64, as the server computes.
import type { LiveNetwork } from "@/lib/types";

export type Vec = Float64Array;
type Packed = LiveNetwork["tensors"][string];

export interface Matrix {
  rows: number;
  columns: number;
  data: Vec;
}

export function unpack({ data }: Packed): Vec {
  const text = atob(data);
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(4 * index, true));
}

/** Throws an Error when the array is missing or has no two dimensions. */
export function matrix(packed: Packed | undefined, name: string): Matrix {
  const [rows, columns] = packed?.shape ?? [];
  if (!packed || rows === undefined || columns === undefined)
    throw new Error(`The server sent no matrix ${name}.`);
  return { rows, columns, data: unpack(packed) };
}

export function vector(packed: Packed | undefined, name: string): Vec {
  if (!packed) throw new Error(`The server sent no numbers for ${name}.`);
  return unpack(packed);
}

/** W x + b. */
export function affine({ rows, columns, data }: Matrix, bias: Vec | undefined, x: Vec): Vec {
  const result = new Float64Array(rows);
  for (let row = 0, at = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) sum += (data[at++] ?? 0) * (x[column] ?? 0);
    result[row] = sum + (bias?.[row] ?? 0);
  }
  return result;
}
