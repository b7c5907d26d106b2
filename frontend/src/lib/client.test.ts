import { delay, http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { server } from "@/testing/server";

import { client, send, sendJson, unwrap } from "./client";
import { ApiError } from "./errors";
import { token } from "./token";

const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail("should have failed"),
    (error: unknown) => error as ApiError,
  );

test("unwrap gives the value", async () => {
  server.use(http.get("*/models", () => HttpResponse.json({ models: [] })));
  expect(await unwrap(client.GET("/models"))).toEqual({ models: [] });
});

test("unwrap throws the server's sentence", async () => {
  const body = { error: { code: "not_found", message: "There is no model x.", fields: {} } };
  server.use(http.get("*/models", () => HttpResponse.json(body, { status: 404 })));
  expect(await failure(unwrap(client.GET("/models")))).toMatchObject({
    message: "There is no model x.",
    code: "not_found",
    status: 404,
  });
});

test("a server that does not answer is said in words", async () => {
  server.use(http.get("*/models", () => HttpResponse.error()));
  expect(await failure(unwrap(client.GET("/models")))).toMatchObject({ code: "unreachable", status: 0 });
  expect(await failure(send("/models"))).toMatchObject({ code: "unreachable" });
});

test("an aborted request stays an abort", async () => {
  server.use(http.get("*/models", () => delay("infinite")));
  const abort = new AbortController();
  const call = send("/models", { signal: abort.signal });
  abort.abort();
  expect(await failure(call)).toMatchObject({ name: "AbortError" });
});

test("the token travels with every kind of request; a 401 asks for one", async () => {
  const seen: (string | null)[] = [];
  const answer = ({ request }: { request: Request }) => {
    seen.push(request.headers.get("Authorization"));
    const ok = request.headers.get("Authorization") === "Bearer secret";
    return HttpResponse.json(ok ? {} : { error: { code: "unauthorized", message: "A token is needed." } }, {
      status: ok ? 200 : 401,
    });
  };
  server.use(http.get("*/models", answer), http.post("*/fix", answer));
  expect((await failure(unwrap(client.GET("/models")))).status).toBe(401);
  expect(token.isNeeded()).toBe(true);
  token.save("secret");
  expect(token.isNeeded()).toBe(false);
  await unwrap(client.GET("/models"));
  await sendJson("POST", "/fix", {});
  expect(seen).toEqual([null, "Bearer secret", "Bearer secret"]);
});

test("sendJson sends its body, and none with DELETE", async () => {
  const bodies: string[] = [];
  const record = async ({ request }: { request: Request }) => {
    bodies.push(await request.text());
    return HttpResponse.json({ ok: true });
  };
  server.use(http.patch("*/x", record), http.delete("*/x", record));
  expect(await sendJson("PATCH", "/x", { activation: "relu" })).toEqual({ ok: true });
  await sendJson("DELETE", "/x", { activation: "relu" });
  expect(bodies).toEqual(['{"activation":"relu"}', ""]);
});
