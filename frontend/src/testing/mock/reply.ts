import { HttpResponse, type JsonBodyType } from "msw";

import type { StoredModel } from "./models";
import type { World } from "./world";

export const fail = (status: number, message: string, code = "invalid_input") =>
  HttpResponse.json({ error: { code, message, fields: {} } }, { status });

export const json = (body: unknown, status = 200) => HttpResponse.json(body as JsonBodyType, { status });

export type Params = Record<string, string | readonly string[] | undefined>;

export function withModel(
  world: World,
  params: Params,
  answer: (stored: StoredModel) => Response | Promise<Response>,
) {
  const id = String(params.id);
  const stored = world.models.get(id);
  return stored
    ? answer(stored)
    : fail(404, `There is no model ${id}. It may have been deleted.`, "not_found");
}
