import { http, type HttpHandler } from "msw";

import { layerWeightsOf, makeModel, summaryOf } from "./models";
import { fail, json, withModel } from "./reply";
import { DEMOS, type World } from "./world";

export function modelHandlers(world: World): HttpHandler[] {
  return [
    http.get("*/models", () =>
      json({ models: [...world.models.values()].map(({ model }) => model).reverse() }),
    ),
    http.post("*/upload", async ({ request }) => {
      const file = (await request.formData()).get("file") as File;
      if (!file.name.endsWith(".pt"))
        return fail(
          415,
          `${file.name} starts with plain text, which no supported policy format does. Supported: .pt state dicts, Stable-Baselines3 .zip, .json architectures.`,
          "unsupported_file",
        );
      return json(world.addWalker(file.name, { activation_source: "default", metadata: {} }).model, 201);
    }),
    http.get("*/demos", () => json({ demos: DEMOS })),
    http.post("*/demo/:id", ({ params }) => {
      if (params.id === "walker2d") return json(world.addWalker("Walker2d, 32 units").model, 201);
      const stored = makeModel(world.next("m"), "Hard-to-imitate linear system", [6, 32, 32, 6], {
        metadata: { env: "hard_stable" },
      });
      world.models.set(stored.model.id, stored);
      return json(stored.model, 201);
    }),
    http.get("*/model/:id", ({ params }) => withModel(world, params, ({ model }) => json(model))),
    http.patch("*/model/:id", async ({ params, request }) => {
      const patch = (await request.json()) as object;
      return withModel(world, params, (stored) => json((stored.model = { ...stored.model, ...patch })));
    }),
    http.delete("*/model/:id", ({ params }) =>
      withModel(world, params, ({ model }) => json({ ok: world.models.delete(model.id) })),
    ),
    http.get("*/model/:id/summary", ({ params }) =>
      withModel(world, params, (stored) => json(summaryOf(stored))),
    ),
    http.get("*/model/:id/layer_weights/:key", ({ params }) =>
      withModel(world, params, (stored) => {
        const weights = layerWeightsOf(stored, String(params.key));
        return weights
          ? json(weights)
          : fail(404, `This policy has no parameter ${String(params.key)}.`, "not_found");
      }),
    ),
  ];
}
