import createClient, { type Middleware } from "openapi-fetch";

import type { paths } from "./api-types";
import { isAbort, toApiError, unreachable } from "./errors";
import { token } from "./token";

// `vite dev` talks to the API across origins; the built bundle and the tests share the page's own origin.
const DEV_API = import.meta.env.VITE_API_URL ?? "http://127.0.0.1:5000";
export const API_URL: string = import.meta.env.MODE === "development" ? DEV_API : window.location.origin;

export function authHeaders(): Record<string, string> {
  const value = token.read();
  return value ? { Authorization: `Bearer ${value}` } : {};
}

const auth: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(authHeaders())) request.headers.set(name, value);
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401) token.refuse();
  },
};

export const client = createClient<paths>({
  baseUrl: API_URL,
  // Looked up at each call, so that tests can put their own server behind it.
  fetch: (request) => globalThis.fetch(request),
});
client.use(auth);

interface Reply<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Turns openapi-fetch's result into a value or a thrown ApiError carrying the server's sentence. */
export async function unwrap<T>(call: Promise<Reply<T>>): Promise<T> {
  let reply: Reply<T>;
  try {
    reply = await call;
  } catch (cause) {
    if (isAbort(cause)) throw cause;
    throw unreachable();
  }
  if (!reply.response.ok || reply.data === undefined) throw toApiError(reply.response.status, reply.error);
  return reply.data;
}

/** A plain authorised request for what the typed client does not cover: streams, files, a warning's fix. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...authHeaders(), ...(init.headers as Record<string, string> | undefined) };
  let response: Response;
  try {
    response = await fetch(`${API_URL}${path}`, { ...init, headers });
  } catch (cause) {
    if (isAbort(cause)) throw cause;
    throw unreachable();
  }
  if (response.status === 401) token.refuse();
  if (!response.ok) throw toApiError(response.status, await response.json().catch(() => null));
  return response;
}

export async function sendJson<T>(method: string, path: string, body: unknown): Promise<T> {
  const response = await send(path, {
    method,
    headers: { "Content-Type": "application/json" },
    ...(method === "DELETE" ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as T;
}
