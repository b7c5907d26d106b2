import { expect, test, vi } from "vitest";

import { token } from "./token";
import { uploadFile, type Sent } from "./upload";

type Listener = (event: { loaded: number; total: number }) => void;

/** A request whose answer the test gives. */
class FakeRequest {
  static last: FakeRequest;
  status = 0;
  responseText = "";
  readonly headers: Record<string, string> = {};
  readonly listeners: Record<string, Listener> = {};
  readonly upload = { addEventListener: (name: string, heard: Listener) => (this.listeners[name] = heard) };
  sent: FormData | undefined;
  address = "";
  constructor() {
    FakeRequest.last = this;
  }
  open(method: string, address: string) {
    this.address = `${method} ${address}`;
  }
  setRequestHeader(name: string, value: string) {
    this.headers[name] = value;
  }
  addEventListener(name: string, heard: Listener) {
    this.listeners[name] = heard;
  }
  send(form: FormData) {
    this.sent = form;
  }
  hear(name: string, loaded = 0, total = 0) {
    this.listeners[name]?.({ loaded, total });
  }
  answer(status: number, text: string) {
    this.status = status;
    this.responseText = text;
    this.hear("load");
  }
}

function upload() {
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  const told: Sent[] = [];
  const answer = uploadFile("/workspace/import", new File(["abc"], "w.zip"), (sent) => told.push(sent));
  return { answer, told, request: FakeRequest.last };
}

test("the file goes out with the token, and how much of it is told", async () => {
  token.save("secret");
  const { answer, told, request } = upload();
  request.hear("progress", 1, 3);
  request.hear("progress", 3, 3);
  request.answer(200, '{"sentence": "Came in."}');
  expect(await answer).toEqual({ sentence: "Came in." });
  expect(told).toEqual([{ bytes: 1, of: 3 }, { bytes: 3, of: 3 }]); // prettier-ignore
  expect(request.address).toMatch(/^POST http.*\/workspace\/import$/);
  expect(request.headers).toEqual({ Authorization: "Bearer secret" });
  expect((request.sent?.get("file") as File).name).toBe("w.zip");
});

test("a refusal has the server's sentence, anything else the status, and no answer says so", async () => {
  const refused = upload();
  refused.request.answer(400, '{"error": {"code": "changed", "message": "It was changed."}}');
  await expect(refused.answer).rejects.toMatchObject({
    message: "It was changed.",
    code: "changed",
    status: 400,
  });
  const strange = upload();
  strange.request.answer(502, "<html>");
  await expect(strange.answer).rejects.toThrow("status 502");
  const silent = upload();
  silent.request.hear("error");
  await expect(silent.answer).rejects.toThrow("The server did not answer");
  const locked = upload();
  locked.request.answer(401, "{}");
  await expect(locked.answer).rejects.toMatchObject({ status: 401 });
  expect(token.isNeeded()).toBe(true);
});
