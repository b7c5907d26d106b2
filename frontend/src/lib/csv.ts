/** One field as RFC 4180 has it; a text that a spreadsheet would run as a formula gets an apostrophe. */
export function field(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const csvLines = (lines: readonly (readonly Parameters<typeof field>[0][])[]) =>
  lines.map((line) => line.map(field).join(",")).join("\r\n") + "\r\n";

/** A number as it is written on screen, with its own minus and thousands; anything else is a text. */
export function cellValue(shown: string): string | number {
  const text = shown.replaceAll(/[\s\u2009\u202f]+/g, " ").trim();
  const plain = text.replace("−", "-").replaceAll(",", "");
  return /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : text;
}

interface Cell {
  value: string | number;
  /** What stands beside it in small print: an interval, a unit. */
  beside: string;
}

function read(cell: HTMLTableCellElement): Cell[] {
  const copy = cell.cloneNode(true) as HTMLElement;
  copy
    .querySelectorAll("button[aria-label^='What is'], svg, [aria-hidden=true]")
    .forEach((part) => part.remove());
  const beside = [...copy.querySelectorAll("small")].map((part) => {
    part.remove();
    return String(cellValue(part.textContent));
  });
  const spanned = Array.from({ length: cell.colSpan - 1 }, () => ({ value: "", beside: "" }));
  return [{ value: cellValue(copy.textContent), beside: beside.join(" ") }, ...spanned];
}

/** The cells of a table as they are shown, without its "?" buttons and drawings; small print gets a column of its own. */
export function tableCsv(table: HTMLTableElement): string {
  const rows = [...table.rows].map((row) => [...row.cells].flatMap(read));
  const isDouble = (column: number) => rows.some((row) => (row[column]?.beside ?? "") !== "");
  return csvLines(
    rows.map((row) =>
      row.flatMap(({ value, beside }, column) => (isDouble(column) ? [value, beside] : [value])),
    ),
  );
}
