// `vite --mode mock`: the dev server answers the API itself, from the handlers that the unit tests use.
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";

import type { HttpHandler } from "msw";
import type { Connect, Plugin, ViteDevServer } from "vite";

const API = /^\/(healthz|envs?|upload|models?|artifacts|demos?|runs?|jobs?)(\/|\?|$)/;

interface MockModule {
  respond: (handlers: HttpHandler[], request: Request) => Promise<Response | undefined>;
  handlers: HttpHandler[];
}

function toRequest(incoming: IncomingMessage): Request {
  const url = `http://${incoming.headers.host ?? "localhost"}${incoming.url ?? "/"}`;
  const method = incoming.method ?? "GET";
  const headers = new Headers(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as [string, string]),
  );
  const body = method === "GET" || method === "DELETE" ? null : (Readable.toWeb(incoming) as ReadableStream);
  return new Request(url, { method, headers, body, duplex: "half" } as RequestInit);
}

async function send(response: Response, outgoing: ServerResponse) {
  outgoing.statusCode = response.status;
  response.headers.forEach((value, name) => outgoing.setHeader(name, value));
  if (response.body)
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) outgoing.write(chunk);
  outgoing.end();
}

function middleware(server: ViteDevServer): Connect.NextHandleFunction {
  return (incoming, outgoing, next) => {
    if (!API.test(incoming.url ?? "")) {
      next();
      return;
    }
    void (async () => {
      const mock = (await server.ssrLoadModule("/src/testing/mock/dev.ts")) as MockModule;
      const response = await mock.respond(mock.handlers, toRequest(incoming));
      if (response) await send(response, outgoing);
      else next();
    })().catch(next);
  };
}

export function mockApi(): Plugin {
  return {
    name: "policyscope-mock-api",
    configureServer: (server) => void server.middlewares.use(middleware(server)),
  };
}
