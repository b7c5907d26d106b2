import { waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, expect, test } from "vitest";

import { server } from "@/testing/server";
import { ENVS } from "@/testing/mock/envs";
import type { LiveStepsRequest } from "@/lib/types";

import { ServerSession } from "./server-session";

const CART = ENVS.find((env) => env.id === "CartPole-v1")!;
const ENDS = [9, 30, 14]; // opposite, baseline, steered
let asked: LiveStepsRequest[] = [];
let closed: string[] = [];
let opened = 0;
let session: ServerSession;

/** A server whose arms are paid 1 per step and end at `ENDS`; the baseline is not ended by a fall. */
function handlers() {
  let played = 0;
  return [
    http.post("*/live", () => {
      played = 0;
      return HttpResponse.json(
        { id: `l_${String(++opened)}`, env: CART.id, kind: "reset", seed: 3, weights: "original", max_episode_steps: 500, dt: 0.02, restarts: false, cycle: false, pose: [1, 2, 3, 4] }, // prettier-ignore
        { status: 201 },
      );
    }),
    http.post("*/live/:id/steps", async ({ request }) => {
      const body = (await request.json()) as LiveStepsRequest;
      asked.push(body);
      const from = played;
      played += body.steps;
      const arms = ENDS.map((end, index) => {
        const steps = Array.from({ length: Math.max(0, Math.min(played, end) - from) }, (_, at) => from + at);
        return {
          name: ["opposite", "baseline", "steered"][index],
          steps: Math.min(played, end),
          total: Math.min(played, end),
          over: played >= end,
          fell: played >= end && index !== 1,
          pose: steps.map((step) => [step, 0, 0, 0]),
          actions: steps.map(() => [1]),
          rewards: steps.map(() => 1),
          activations: steps.map((step) => [step / 10]),
        };
      });
      return HttpResponse.json({ over: played >= 30, arms });
    }),
    http.delete("*/live/:id", ({ params }) => {
      closed.push(String(params.id));
      return HttpResponse.json({ ok: true });
    }),
  ];
}

beforeEach(async () => {
  [asked, closed, opened] = [[], [], 0];
  server.use(...handlers());
  session = new ServerSession("m_1", { ...CART, dt: 0.02 }, false);
  session.begin(await session.prepare("reset", 3));
});
afterEach(() => session.dispose());

test("plays to the end: what was counted, drawn and recorded is what the server sent", async () => {
  expect(session.actors[0]?.signals.observations?.data[0]).toBe(1); // the start, before anything is stepped
  session.setSpeed(2);
  session.setEdits([{ feature: 4, alpha: 0.5, gate: null }]);
  session.play();
  await waitFor(() => expect(session.get().arms[0]?.steps).toBeGreaterThan(3));
  session.setEdits([{ feature: 4, alpha: -1, gate: null }]);
  await waitFor(() => expect(session.over).toBe(true));
  const arms = session.get().arms.map(({ steps, total, fell, falls }) => [steps, total, fell, falls]);
  expect(arms).toEqual([[9, 9, true, 1], [30, 30, false, 0], [14, 14, true, 1]]); // prettier-ignore
  expect(session.recording.ending).toEqual({ steps: 14, fell: true });
  // α of each step is the one its request carried, so the trace is what the server played
  const sent = asked.flatMap(({ steps, pushes }) => Array<number>(steps).fill(pushes?.[0]?.alpha ?? 0));
  expect(session.recording.pushed[0]?.values).toEqual(sent.slice(0, 14));
  expect(new Set(sent)).toEqual(new Set([0.5, -1]));
  expect(Math.max(...asked.map(({ steps }) => steps))).toBeLessThanOrEqual(session.lead);
  expect(session.lead * session.dt).toBeLessThanOrEqual(0.1 * 2);
  const { data, length } = session.actors[1]!.signals.observations!;
  expect([...data.slice(0, 30)]).toEqual(Array.from({ length: 30 }, (_, step) => step));
  expect([session.actors[1]?.length, length]).toEqual([30, 501]);
  // an ended arm keeps its last pose
  expect(session.actors[0]?.signals.observations?.data[25]).toBe(8);
  expect(session.history[2]?.latents.at(-1)).toBe(1.3);
});

test("another start is another session, and the old one is closed", async () => {
  session.begin(await session.prepare("reset", 4));
  await waitFor(() => expect(closed).toEqual(["l_1"]));
  session.dispose();
  await waitFor(() => expect(closed).toEqual(["l_1", "l_2"]));
  await expect(Promise.all([session.prepare("reset", 5), session.prepare("reset", 6)])).rejects.toThrow(
    "Another start",
  );
});

test("where there is no such start, the present episode goes on", async () => {
  const refusal = { error: { code: "invalid_input", message: "No such start.", fields: {} } };
  server.use(http.post("*/live", () => HttpResponse.json(refusal, { status: 400 }), { once: true }));
  await expect(session.prepare("cached", 3)).rejects.toThrow("No such start.");
  session.play();
  await waitFor(() => expect(session.get().arms[2]?.steps).toBeGreaterThan(0));
  expect(closed).toEqual([]);
});

test("a refusal stops it with the server's sentence, and a new start goes on", async () => {
  server.use(
    http.post(
      "*/live/:id/steps",
      () =>
        HttpResponse.json(
          { error: { code: "not_found", message: "It is gone.", fields: {} } },
          { status: 404 },
        ),
      { once: true },
    ),
  );
  session.play();
  await waitFor(() => expect(session.get().error).toMatchObject({ message: "It is gone." }));
  expect(session.get().playing).toBe(false);
  session.play(); // not from there
  expect(session.get().playing).toBe(false);
  session.begin(await session.prepare("reset", 3));
  session.play();
  await waitFor(() => expect(session.get().arms[2]?.steps).toBeGreaterThan(0));
});
