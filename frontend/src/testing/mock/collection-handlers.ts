import { http, type HttpHandler } from "msw";

import type { Collection, SavedView } from "@/lib/types";

import { fail, json } from "./reply";
import type { World } from "./world";

const AT = "*/model/:id/collection/:collection";

/** Like the server: bookmarks are always there, the others have a name each. */
export function collectionHandlers(world: World): HttpHandler[] {
  const kept = new Map<string, Collection[]>();
  let views: SavedView[] = [];
  const listOf = (model: unknown) => {
    const known = kept.get(String(model)) ?? [
      { id: "b_1", name: "bookmarks", bookmarks: true, created_at: null, features: [] },
    ];
    kept.set(String(model), known);
    return known;
  };
  const find = (params: Record<string, unknown>) =>
    listOf(params.id).find(
      (each) => each.id === params.collection || (each.bookmarks && params.collection === "bookmarks"),
    );
  return [
    http.get("*/model/:id/collections", ({ params }) => json({ collections: listOf(params.id) })),
    http.post("*/model/:id/collections", async ({ params, request }) => {
      const { name, features } = (await request.json()) as Pick<Collection, "name" | "features">;
      if (listOf(params.id).some((each) => each.name === name))
        return fail(409, `There is a collection called '${name}' already. Choose another name.`, "conflict");
      const made: Collection = {
        id: world.next("c"),
        name,
        bookmarks: false,
        created_at: new Date().toISOString(),
        features: features.map((each) => entryOf(each.feature_idx, each.note)),
      };
      listOf(params.id).push(made);
      return json(made, 201);
    }),
    http.patch(AT, async ({ params, request }) => {
      const found = find(params);
      if (!found) return fail(404, "The SAE of this model has no such collection.", "not_found");
      found.name = ((await request.json()) as Collection).name;
      return json(found);
    }),
    http.delete(AT, ({ params }) => {
      kept.set(
        String(params.id),
        listOf(params.id).filter((each) => each !== find(params)),
      );
      return json({ ok: true });
    }),
    http.put(`${AT}/feature/:feature`, async ({ params, request }) => {
      const { note } = (await request.json()) as { note?: string };
      const feature = Number(params.feature);
      const features = find(params)?.features ?? [];
      const there = features.find(({ feature_idx }) => feature_idx === feature);
      if (there) there.note = note ?? there.note;
      else features.push(entryOf(feature, note));
      return json(there ?? entryOf(feature, note));
    }),
    http.delete(`${AT}/feature/:feature`, ({ params }) => {
      const found = find(params);
      if (found)
        found.features = found.features.filter(({ feature_idx }) => feature_idx !== Number(params.feature));
      return json({ ok: true });
    }),
    http.get("*/views", () => json({ views })),
    http.post("*/views", async ({ request }) => {
      const body = (await request.json()) as Omit<SavedView, "id" | "created_at">;
      const view = { ...body, id: world.next("w"), created_at: new Date().toISOString() };
      views = [view, ...views];
      return json(view, 201);
    }),
    http.patch("*/view/:view", async ({ params, request }) => {
      const { name } = (await request.json()) as { name: string };
      views = views.map((each) => (each.id === params.view ? { ...each, name } : each));
      return json(views.find(({ id }) => id === params.view));
    }),
    http.delete("*/view/:view", ({ params }) => {
      views = views.filter(({ id }) => id !== params.view);
      return json({ ok: true });
    }),
  ];
}

const entryOf = (feature_idx: number, note = "") => ({
  feature_idx,
  note,
  added_at: new Date().toISOString(),
  name: null,
  effect: 0.1,
  density: 0.2,
});
