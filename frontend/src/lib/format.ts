// Numbers as people read them: a true minus sign, few digits, units beside the value.
const MINUS = "−";
export const NONE = "–";

/** Between a number and its unit, which must not be parted at the end of a line. */
export const GAP = "\u00a0";

const withMinus = (text: string) => text.replaceAll("-", MINUS);

/** About `digits` significant digits, no exponent for everyday sizes. */
export function num(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7))
    return withMinus(value.toExponential(Math.max(0, digits - 1)));
  const decimals = size === 0 ? 0 : Math.max(0, Math.min(6, digits - 1 - Math.floor(Math.log10(size))));
  return withMinus(value.toLocaleString("en-US", { maximumFractionDigits: decimals }));
}

/** Fixed decimals: columns of numbers must line up. */
export function fixed(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const text = value.toLocaleString("en-US", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return withMinus(Number(text.replaceAll(",", "")) === 0 ? text.replace("-", "") : text);
}

export function signed(value: number | null | undefined, decimals: number): string {
  const text = fixed(value, decimals);
  return value !== null && value !== undefined && Number(value.toFixed(decimals)) > 0 ? `+${text}` : text;
}

export function percent(value: number | null | undefined, decimals = 1): string {
  return value === null || value === undefined ? NONE : `${fixed(value * 100, decimals)}${GAP}%`;
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : value.toLocaleString("en-US");
}

export function interval(
  ci: readonly (number | null)[] | null | undefined,
  decimals: number,
  sign = false,
): string {
  if (!ci) return "no interval";
  const show = sign ? signed : fixed;
  return `[${show(ci[0], decimals)}, ${show(ci[1], decimals)}]`;
}

export function bytes(size: number): string {
  if (size < 1024) return `${size}${GAP}B`;
  return size < 1024 ** 2 ? `${fixed(size / 1024, 1)}${GAP}KB` : `${fixed(size / 1024 ** 2, 1)}${GAP}MB`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Decimals that suit a set of values on one axis: returns of 4,000 need none, rewards of 0.2 need three. */
export function decimalsFor(values: readonly number[]): number {
  const largest = Math.max(0, ...values.map((value) => Math.abs(value)));
  if (largest === 0) return 1;
  return Math.max(0, Math.min(5, 3 - Math.floor(Math.log10(largest))));
}

/** The same for differences that stand beside their interval: one digit fewer, since the interval says the rest. */
export function effectDecimals(values: readonly number[]): number {
  return Math.max(0, decimalsFor(values) - 1);
}

export function duration(seconds: number): string {
  if (seconds < 1) return "under a second";
  if (seconds < 90) return `${Math.round(seconds)}${GAP}s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)}${GAP}min`;
  return `${fixed(seconds / 3600, 1)}${GAP}h`;
}

export function ago(iso: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${GAP}min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}${GAP}h ago`;
  return new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

const UNITS = /(?<=\d) (?=[%‰×]|(?:rad|m|N|s|ms|Hz|min|h|KB|MB|points?)(?![a-z]))/g;

/** A sentence of the server's, in which no unit can be parted from its number. */
export const unbroken = (sentence: string) => sentence.replaceAll(UNITS, GAP);

/** Significant digits with their zeros, for columns of numbers of different sizes: 1.20 under 1.28. */
export function figures(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size === 0 || size < 1e-4 || size >= 10 ** digits) return num(value, digits);
  return withMinus(value.toPrecision(digits));
}

/** An arm's dose in words: "α = +2 on feature 42". */
export function alphaText(alpha: number): string {
  return `α = ${alpha > 0 ? "+" : ""}${num(alpha, 3)}`;
}
