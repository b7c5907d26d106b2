import { expect, test } from "vitest";

import { readEvents, type ServerEvent } from "./sse";

/** A stream that arrives in exactly these pieces. */
function streamOf(...chunks: (string | Uint8Array)[]) {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks)
        controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
}

async function all(stream: ReadableStream<Uint8Array>): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of readEvents(stream)) events.push(event);
  return events;
}

test("events with their ids, names and several data lines", async () => {
  const text = 'id: 7\nevent: progress\ndata: {"a":1}\n\ndata: one\ndata: two\n\n';
  expect(await all(streamOf(text))).toEqual([
    { id: "7", event: "progress", data: '{"a":1}' },
    { id: null, event: "message", data: "one\ntwo" },
  ]);
});

test("pieces may break anywhere, inside a character too", async () => {
  const whole = new TextEncoder().encode("data: α = 0\r\n\r\ndata: next\n\n");
  const pieces = Array.from(whole, (byte) => new Uint8Array([byte]));
  expect((await all(streamOf(...pieces))).map((event) => event.data)).toEqual(["α = 0", "next"]);
});

test("comments are skipped, and a block that never ended is not an event", async () => {
  expect(await all(streamOf(": keep alive\n\nretry: 2000\n\ndata: kept\n\ndata: cut off"))).toEqual([
    { id: null, event: "message", data: "kept" },
  ]);
});

test("leaving early closes the connection", async () => {
  let closed = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\ndata: 2\n\n")),
    cancel: () => void (closed = true),
  });
  for await (const event of readEvents(stream)) {
    expect(event.data).toBe("1");
    break;
  }
  expect(closed).toBe(true);
});
