import { useCallback, useState } from "react";

export interface Span {
  first: number;
  /** After the last row. */
  end: number;
}

/** Which rows of equal height are within sight, and some beyond each edge. */
export function spanOf(top: number, height: number, row: number, count: number, spare = 8): Span {
  const first = Math.max(0, Math.min(count, Math.floor(top / row)) - spare);
  return { first, end: Math.min(count, Math.ceil((top + height) / row) + spare) };
}

/** The pages (from 1) that hold the rows of a span. */
export function pagesOf({ first, end }: Span, size: number): number[] {
  if (end <= first) return [];
  const from = Math.floor(first / size);
  const to = Math.floor((end - 1) / size);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index + 1);
}

/** Follows a scrolled box. The state changes only when other rows come into sight. */
export function useSpan(row: number, count: number, height: number) {
  const [start, setStart] = useState(0);
  const onScroll = useCallback((top: number) => setStart(Math.floor(top / row) * row), [row]);
  return { span: spanOf(start, height, row, count), onScroll };
}
