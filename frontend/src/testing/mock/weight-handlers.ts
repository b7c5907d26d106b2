import { http, type HttpHandler } from "msw";

import type { WeightEdit } from "@/lib/types";

import { applyEdit, makeModel, type StoredModel } from "./models";
import { json, withModel } from "./reply";
import type { World } from "./world";

const editsReply = ({ edits }: StoredModel) =>
  json({ ok: true, n_edits: edits.length, edits, weights_sha256: "c0ffee" });

function rebuild(stored: StoredModel, edits: WeightEdit[]) {
  const fresh = makeModel(stored.model.id, stored.model.name, stored.sizes);
  stored.weights = fresh.weights;
  stored.edits = [];
  stored.model = { ...stored.model, n_edits: 0 };
  edits.forEach((edit) => applyEdit(stored, edit));
}

export function weightHandlers(world: World): HttpHandler[] {
  const change = (path: string, op: WeightEdit["op"] | null) =>
    http.post(path, async ({ params, request }) => {
      const body = (await request.json()) as Partial<WeightEdit>;
      return withModel(world, params, (stored) => {
        applyEdit(stored, {
          position: stored.edits.length,
          op: op ?? body.op!,
          key: body.key!,
          value: body.value!,
          seed: body.seed ?? null,
          index: body.index ?? null,
        });
        return editsReply(stored);
      });
    });
  return [
    change("*/model/:id/perturb", null),
    change("*/model/:id/edit_at", "edit_at"),
    http.post("*/model/:id/undo", ({ params }) =>
      withModel(world, params, (stored) => (rebuild(stored, stored.edits.slice(0, -1)), editsReply(stored))),
    ),
    http.post("*/model/:id/reset", ({ params }) =>
      withModel(world, params, (stored) => (rebuild(stored, []), editsReply(stored))),
    ),
    http.get("*/model/:id/edits", ({ params }) => withModel(world, params, editsReply)),
  ];
}
