// What of the feature table a copied link restores: its question, order and filters.
export interface TableView {
  /** action:0, obs:3, reward or measure:speed. */
  target?: string;
  sort?: string;
  order?: "asc" | "desc";
  search?: string;
  badge?: string;
  /** Only what is in this collection: its id, or bookmarks. */
  collection?: string;
  alive?: boolean;
  /** Least output percentile, greatest q-value. */
  percentile?: number;
  q?: number;
  show?: "clusters" | "collections";
  /** What makes features alike, when it is not all three; the map, when it is not PCA. */
  alike?: (typeof ALIKE)[number];
  map?: "umap";
  /** With custom: the weights of decoder, co-activation and function. */
  shares?: [number, number, number];
}

const ALIKE = ["decoder", "coactivation", "function", "custom"] as const;

const SHOWN = ["clusters", "collections"] as const;
const text = (value: unknown) => (typeof value === "string" && value !== "" ? value.slice(0, 80) : undefined);
const finite = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : undefined);

/** Three weights from 0 to 1 that are not all 0. */
function shares(value: unknown): TableView["shares"] {
  if (!Array.isArray(value) || value.length !== 3) return undefined;
  const [decoder, coactivation, effect] = value.map(finite);
  if (decoder === undefined || coactivation === undefined || effect === undefined) return undefined;
  const all: [number, number, number] = [decoder, coactivation, effect];
  return all.every((each) => each >= 0 && each <= 1) && all.some((each) => each > 0) ? all : undefined;
}

/** What does not parse is dropped; an empty view leaves the address as short as it was. */
export function parseTable(value: unknown): TableView | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const given = value as Record<string, unknown>;
  const view: TableView = {
    target: text(given.target),
    sort: text(given.sort),
    order: given.order === "asc" || given.order === "desc" ? given.order : undefined,
    search: text(given.search),
    badge: text(given.badge),
    collection: text(given.collection),
    alive: given.alive === true ? true : undefined,
    percentile: finite(given.percentile),
    q: finite(given.q),
    show: SHOWN.find((each) => each === given.show),
    alike: ALIKE.find((each) => each === given.alike),
    map: given.map === "umap" ? "umap" : undefined,
    shares: shares(given.shares),
  };
  return Object.values(view).some((each) => each !== undefined) ? view : undefined;
}
