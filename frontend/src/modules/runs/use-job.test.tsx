import { QueryClientProvider } from "@tanstack/react-query";
import { renderHook, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import type { ReactNode } from "react";
import { expect, test } from "vitest";

import type { Job } from "@/lib/types";
import { makeTestClient } from "@/testing/render";
import { server } from "@/testing/server";

import { isFinished, useJob } from "./use-job";

const at = (done: number, state: Job["state"] = "running") =>
  ({ id: "j_1", state, progress: { done, total: 3 } }) as Job;
const block = (id: number, job: Job) => `id: ${id}\nevent: progress\ndata: ${JSON.stringify(job)}\n\n`;
const stream = (text: string) => new HttpResponse(text, { headers: { "Content-Type": "text/event-stream" } });

function follow() {
  const queryClient = makeTestClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
  );
  return renderHook(() => useJob("j_1"), { wrapper }).result;
}

test("the stream carries a job to its end", async () => {
  server.use(
    http.get("*/job/j_1", () => HttpResponse.json(at(0))),
    http.get("*/job/j_1/events", () => stream(block(1, at(1)) + block(2, at(3, "done")))),
  );
  const result = follow();
  await waitFor(() => expect(result.current.data).toMatchObject({ state: "done", progress: { done: 3 } }));
});

test("a stream that breaks is taken up after its last event", async () => {
  const asked: (string | null)[] = [];
  server.use(
    http.get("*/job/j_1", () => HttpResponse.json(at(1))),
    http.get("*/job/j_1/events", ({ request }) => {
      asked.push(request.headers.get("Last-Event-ID"));
      return stream(asked.length === 1 ? block(7, at(1)) : block(8, at(3, "done")));
    }),
  );
  const result = follow();
  await waitFor(() => expect(result.current.data?.state).toBe("done"));
  expect(asked).toEqual([null, "7"]);
});

test("without a stream it is polled", async () => {
  let polls = 0;
  server.use(
    http.get("*/job/j_1", () => HttpResponse.json((polls += 1) < 3 ? at(polls) : at(3, "failed"))),
    http.get("*/job/j_1/events", () => HttpResponse.json({}, { status: 503 })),
  );
  const result = follow();
  await waitFor(() => expect(result.current.data?.state).toBe("failed"));
  expect(polls).toBe(3);
});

test("which states are the end", () => {
  expect(
    (["queued", "running", "done", "failed", "cancelled", "interrupted"] as const).map(isFinished),
  ).toEqual([false, false, true, true, true, true]);
  expect(isFinished(undefined)).toBe(false);
});
