import type { scaleLinear } from "d3-scale";

import type { Dot, Ribbon } from "./curve";

export type Scale = ReturnType<typeof scaleLinear<number, number>>;

export const linePath = (dots: readonly Dot[], x: Scale, y: Scale) =>
  dots.map(({ dose, value }, index) => `${index === 0 ? "M" : "L"}${x(dose)} ${y(value)}`).join("");

/** Along the upper edge and back along the lower one. */
export function areaPath(parts: readonly Ribbon[], x: Scale, y: Scale): string {
  if (parts.length < 2) return "";
  const upper = parts.map(({ dose, high }) => `${x(dose)} ${y(high)}`);
  const lower = parts.map(({ dose, low }) => `${x(dose)} ${y(low)}`).reverse();
  return `M${[...upper, ...lower].join("L")}Z`;
}
