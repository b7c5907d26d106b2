// Features that are pushed together: shares of one direction, of which calibration finds the length.
import { num } from "@/lib/format";

type Field = number | string;

export interface Part {
  id: number;
  /** null: the feature that the page is on. */
  feature: Field | null;
  share: Field;
}

export interface Pushed {
  feature_idx: number;
  weight: number;
}

export const MOST_PARTS = 16;

export const newPart = (id: number, feature: Field | null): Part => ({ id, feature, share: 1 });

/** What is sent; null while a field is empty or a share is zero. The share of a single feature says nothing. */
export function pushed(parts: readonly Part[]): Pushed[] | null {
  const filled = parts.every(
    ({ feature, share }) => feature !== null && feature !== "" && share !== "" && Number(share) !== 0,
  );
  if (!filled || parts.length === 0) return null;
  return parts.map(({ feature, share }) => ({
    feature_idx: Number(feature),
    weight: parts.length === 1 ? 1 : Number(share),
  }));
}

/** "Pushed together: w₃ − 0.5 w₁₇. " for several, nothing for one. */
export function partsText(parts: readonly Pushed[] | null): string {
  if (parts === null || parts.length < 2) return "";
  const terms = parts.map(({ feature_idx, weight }, index) => {
    const size = Math.abs(weight) === 1 ? "" : `${num(Math.abs(weight), 3)} `;
    const sign = weight < 0 ? (index === 0 ? "−" : " − ") : index === 0 ? "" : " + ";
    return `${sign}${size}w${subscript(feature_idx)}`;
  });
  return `Pushed together: ${terms.join("")}. `;
}

const subscript = (index: number) =>
  String(index).replace(/\d/g, (digit) => String.fromCharCode(0x2080 + Number(digit)));
