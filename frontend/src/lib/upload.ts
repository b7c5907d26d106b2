import { API_URL, authHeaders } from "./client";
import { toApiError, unreachable } from "./errors";
import { token } from "./token";

export interface Sent {
  bytes: number;
  of: number;
}

function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null; // a proxy's page, not the API's answer
  }
}

/** Sends a file in a form and tells how much of it is sent, which fetch does not. */
export function uploadFile<T>(path: string, file: File, onSent: (sent: Sent) => void): Promise<T> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${API_URL}${path}`);
    for (const [name, value] of Object.entries(authHeaders())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded, total }) => onSent({ bytes: loaded, of: total }));
    request.addEventListener("error", () => fail(unreachable()));
    request.addEventListener("load", () => {
      if (request.status === 401) token.refuse();
      const answer = bodyOf(request.responseText);
      if (request.status >= 200 && request.status < 300) done(answer as T);
      else fail(toApiError(request.status, answer));
    });
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
}
