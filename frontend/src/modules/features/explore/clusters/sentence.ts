import { count, fixed, plural } from "@/lib/format";

interface Point {
  cluster: number | null;
  silhouette: number | null;
}

/** How many groups the map shows, how unequal they are, and how well features lie within them. */
export function mapSentence(points: readonly Point[]): string {
  const sizes = new Map<number, number>();
  let loose = 0;
  for (const { cluster } of points) {
    if (cluster === null) loose += 1;
    else sizes.set(cluster, (sizes.get(cluster) ?? 0) + 1);
  }
  if (sizes.size === 0) return "No feature is on the map.";
  const largest = Math.max(...sizes.values());
  const known = points.flatMap(({ silhouette }) => (silhouette === null ? [] : [silhouette]));
  const mean = known.reduce((sum, each) => sum + each, 0) / Math.max(1, known.length);
  const fit = mean < 0.1 ? "hardly apart" : mean < 0.3 ? "loosely apart" : "well apart";
  const rest = loose > 0 ? ` ${plural(loose, "further feature")} in grey were not grouped.` : "";
  return `${plural(points.length - loose, "feature")} in ${plural(sizes.size, "group")}, the largest of ${count(largest)}; groups are ${fit}: mean silhouette ${fixed(mean, 2)}.${rest}`;
}
