import { http, HttpResponse, type HttpHandler } from "msw";

import type { Clusters, Dashboard, Note, TablePage } from "@/lib/types";

import { packed } from "./packed";
import features from "./recorded/features.json";
import scene from "./recorded/walker-scene.json";
import { json, withModel } from "./reply";
import type { World } from "./world";

/** Recorded from the Walker2d demo, rounded and cut short. */
export const ANALYSED = features as unknown as { table: TablePage; dashboard: Dashboard; clusters: Clusters };

const JOB = "j_analysis";

function follow(world: World) {
  const progress = { done: 2, total: 5, unit: "stages", message: "associations", metrics: {} };
  world.jobs.set(JOB, {
    id: JOB,
    kind: "analysis",
    state: "running",
    progress: { ...progress, eta_s: 20 },
    attempt: 1,
    estimate_s: null,
    created_at: new Date().toISOString(),
    started_at: new Date().toISOString(),
    finished_at: null,
    result: null,
    error: null,
  });
  return json({ job_id: JOB, state: "queued" }, 202);
}

const SEARCH = { read_as: [], names: ["left", "right", "thigh", "torso"], also: ["hip", "knee", "stance"] };

/** The notes and the clauses of the name that say the words. */
function reasonsOf({ name, note }: TablePage["features"][number], words: string) {
  const said = [
    ...[note.name ?? "", note.text, ...note.tags].map((text) => ({ kind: "note" as const, text })),
    ...name.split(" → ").map((text, at) => ({ kind: at ? ("does" as const) : ("when" as const), text })),
  ];
  return said.flatMap(({ kind, text }) => {
    const at = text.toLowerCase().indexOf(words);
    return at < 0 ? [] : [{ kind, text, marks: [[at, at + words.length]] }];
  });
}

/** Like the server: sorts by size, searches names and notes, cuts into pages. */
function tableOf(query: URLSearchParams, notes: Map<number, Note>, copies: number): TablePage {
  const all = Array.from({ length: copies }, (_, copy) =>
    ANALYSED.table.features.map((row) => ({ ...row, feature_idx: row.feature_idx + 128 * copy })),
  )
    .flat()
    .map((row) => ({ ...row, note: notes.get(row.feature_idx) ?? row.note }));
  const words = query.get("search")?.toLowerCase();
  const rows = all
    .map((row) => ({ ...row, match: words === undefined ? null : reasonsOf(row, words) }))
    .filter(({ match }) => match?.length !== 0);
  const sort_by = (query.get("sort_by") ?? "ablation_effect") as TablePage["sort_by"];
  const order = query.get("order") === "asc" ? "asc" : "desc";
  const size = (row: (typeof rows)[number]) =>
    sort_by === "match"
      ? 0
      : Math.abs(sort_by === "closed_loop" ? (row.closed_loop?.mean_difference ?? 0) : (row[sort_by] ?? 0));
  rows.sort((a, b) => (order === "asc" ? size(a) - size(b) : size(b) - size(a)));
  const [page, page_size] = [Number(query.get("page") ?? 1), Number(query.get("page_size") ?? 50)];
  const target = ANALYSED.table.targets.find(({ key }) => key === query.get("target"));
  return {
    ...ANALYSED.table,
    search:
      words === undefined ? null : { ...SEARCH, question: words, unknown_words: rows.length ? [] : [words] },
    features: rows.slice((page - 1) * page_size, page * page_size),
    target: target ?? ANALYSED.table.target,
    sort_by,
    order,
    page,
    page_size,
    pages: Math.max(1, Math.ceil(rows.length / page_size)),
    matching: rows.length,
    d_latent: all.length,
  };
}

/** The walker stands still while the feature does what the example says. */
function momentOf(feature: number, row: number): ArrayBuffer {
  const { top, quantiles, random_active, random_inactive } = ANALYSED.dashboard;
  const clips = [...top, ...quantiles.flatMap((each) => each.clips), ...random_active, ...random_inactive];
  const {
    episode = 0,
    step = 0,
    first_step = 0,
    latent = [0],
  } = clips.find((clip) => clip.row === row) ?? {};
  const about = { env: "Walker2d-v5", features: [feature], row, episode, step, first_step, undrawn: null };
  const each = (values: number[]) => latent.map(() => values);
  return packed(about, "cached episode", {
    qpos: each([0, 1.25, 0, 0, 0, 0, 0, 0, 0]),
    actions: each([0.5, -0.5, 0, 0, 0, 0]),
    features: latent.map((value) => [value]),
  });
}

/** ``copies`` repeats the recorded rows, to make a wide SAE. */
export function understandingHandlers(world: World, copies = 1): HttpHandler[] {
  const notes = new Map<number, Note>();
  const grouped = new Set<string>();
  const analysed = () => !world.jobs.has(JOB) || world.jobs.get(JOB)?.state === "done";
  const made = (done: boolean) => json({ job_id: null, state: done ? "done" : "absent" });
  const isGrouped = (asked: URLSearchParams) =>
    (asked.get("view") !== "custom" && asked.get("map") !== "umap") || grouped.has(asked.toString());
  return [
    http.post("*/model/:id/analyse", () => follow(world)),
    http.get("*/model/:id/analysis", ({ params }) =>
      withModel(world, params, () =>
        analysed() ? made(true) : json({ job_id: JOB, state: world.jobs.get(JOB)?.state }),
      ),
    ),
    http.get("*/model/:id/features", ({ params, request }) =>
      withModel(world, params, () => json(tableOf(new URL(request.url).searchParams, notes, copies))),
    ),
    http.get("*/model/:id/feature/:feature", ({ params }) => {
      const feature_idx = Number(params.feature);
      const note = notes.get(feature_idx) ?? ANALYSED.dashboard.note;
      return json({ ...ANALYSED.dashboard, feature_idx, note });
    }),
    http.put("*/model/:id/feature/:feature/note", async ({ params, request }) => {
      const note = { ...((await request.json()) as Note), updated_at: new Date().toISOString() };
      notes.set(Number(params.feature), note);
      return json(note);
    }),
    http.get("*/model/:id/feature/:feature/clip", ({ params, request }) => {
      const row = Number(new URL(request.url).searchParams.get("row"));
      return new HttpResponse(momentOf(Number(params.feature), row));
    }),
    http.get("*/env/:env/scene", () => json(scene)),
    http.get("*/model/:id/clustering", ({ request }) => made(isGrouped(new URL(request.url).searchParams))),
    http.get("*/model/:id/clusters", ({ request }) => {
      const asked = new URL(request.url).searchParams;
      const map = { ...ANALYSED.clusters.map, to_scale: asked.get("map") !== "umap" };
      return json({ ...ANALYSED.clusters, view: asked.get("view"), map });
    }),
    http.post("*/model/:id/clusters", async ({ request }) => {
      const asked = (await request.json()) as Record<string, string | number>;
      const query = new URLSearchParams(Object.entries(asked).map(([key, value]) => [key, String(value)]));
      grouped.add(query.toString());
      return json({ job_id: null, state: "done" }, 202);
    }),
  ];
}
