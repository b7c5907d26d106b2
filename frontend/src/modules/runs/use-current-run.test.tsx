import { QueryClientProvider } from "@tanstack/react-query";
import { renderHook, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import type { ReactNode } from "react";
import { expect, test } from "vitest";

import type { Job } from "@/lib/types";
import { fail, json } from "@/testing/mock/reply";
import { makeRun } from "@/testing/mock/run-handlers";
import { makeTestClient } from "@/testing/render";
import { server } from "@/testing/server";

import { useRuns } from "./api";
import { useCurrentRun } from "./use-current-run";

const RUN = makeRun({ env: "Walker2d-v5", episodes: 4, seed: 20 });
const ENDED = "2026-01-01T00:00:09Z";

/** A run whose job ends as `state`; what is asked for from then on, in its order. */
function follow(state: Job["state"], { stream }: { stream: boolean }) {
  const asked: string[] = [];
  let over = false;
  const job = () => ({
    id: "j_1",
    state: over ? state : "running",
    finished_at: over ? ENDED : null,
    progress: { done: 1, total: 3 },
  });
  const note = (request: Request) => {
    const { pathname, search } = new URL(request.url);
    if (over) asked.push(pathname + search);
  };
  server.use(
    http.get("*/run/r_1", ({ request }) => {
      note(request);
      return json({ ...RUN, state: over ? state : "running" });
    }),
    http.get("*/run/r_1/:part", ({ request }) => {
      note(request);
      return fail(404, "Run r_1 kept no steps.", "not_found");
    }),
    http.get("*/runs", ({ request }) => {
      note(request);
      return json({ runs: [] });
    }),
    http.get("*/job/j_1", () => json(job())),
    http.get("*/job/j_1/events", () => {
      if (!stream) return fail(503, "Too many event streams are open.", "too_many_streams");
      over = true;
      return new HttpResponse(`id: 1\nevent: state\ndata: ${JSON.stringify(job())}\n\n`, {
        headers: { "Content-Type": "text/event-stream" },
      });
    }),
  );
  const queryClient = makeTestClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(() => ({ runs: useRuns("m_1"), ...useCurrentRun("r_1") }), { wrapper });
  return { asked, result, end: () => (over = true) };
}

const REPLAY = "/run/r_1/replay?seed=20&arms=baseline&arms=intervention";

test("at the end the result and what replays it are asked for together, each once, and the history last", async () => {
  const { asked, result } = follow("done", { stream: true });
  await waitFor(() => expect(result.current.run?.state).toBe("done"));
  await waitFor(() => expect(asked).toHaveLength(4));
  expect(asked.slice(0, 3).sort()).toEqual(["/run/r_1", REPLAY, "/run/r_1/scene"]);
  expect(asked[3]).toBe("/runs?model_id=m_1");
});

test("an end that only polling sees is read in the same way", async () => {
  const { asked, result, end } = follow("done", { stream: false });
  await waitFor(() => expect(result.current.job?.state).toBe("running"));
  end();
  await waitFor(() => expect(asked).toHaveLength(4), { timeout: 10_000 });
  expect(asked.slice(0, 3).sort()).toEqual(["/run/r_1", REPLAY, "/run/r_1/scene"]);
});

test("what has failed has nothing to replay", async () => {
  const { asked, result } = follow("failed", { stream: true });
  await waitFor(() => expect(result.current.run?.state).toBe("failed"));
  await waitFor(() => expect(asked).toEqual(["/run/r_1", "/runs?model_id=m_1"]));
});
