/** Colours of groups that have no order: evenly turned hues, as light as the scheme asks for. Numbers stand beside
 *  them, since many hues alone cannot be told apart. */
export function groupColor(cluster: number, scheme: string): string {
  const hue = (cluster * 137.508 + 190) % 360;
  return scheme === "dark" ? `hsl(${hue} 62% 68%)` : `hsl(${hue} 58% 40%)`;
}

export interface Placed {
  feature: number;
  x: number;
  y: number;
}

/** The point nearest to a place, if one is within reach. */
export function nearestPoint(points: readonly Placed[], x: number, y: number, reach: number): Placed | null {
  let best: Placed | null = null;
  let least = reach * reach;
  for (const point of points) {
    const far = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (far <= least) [best, least] = [point, far];
  }
  return best;
}
