import { useEffect, useRef, useState } from "react";

import { fixed } from "@/lib/format";
import { fetchStarts } from "./api";
import type { BrowserSession } from "./browser-session";
import type { LiveEdit } from "./sim/edits";
import { multiples, type SweepJob, type SweepPoint, type SweepReply } from "./sweep";

export const SWEEP_STARTS = 6;
const HALF = 6;
const LONGEST = 400;

export interface SweepState {
  running: boolean;
  text: string;
  points: SweepPoint[];
  /** α of the only feature; null where several are pushed. */
  alpha: number | null;
  error: Error | null;
}

const IDLE: SweepState = { running: false, text: "", points: [], alpha: null, error: null };

/** One worker at a time; leaving the page ends it. */
export function useSweep(modelId: string, env: string, session: BrowserSession) {
  const [state, setState] = useState<SweepState>(IDLE);
  const worker = useRef<Worker | null>(null);
  const { physics, network } = session;
  const horizon = Math.min(LONGEST, physics.max_episode_steps);
  useEffect(() => () => worker.current?.terminate(), []);

  const fail = (error: unknown) =>
    setState((old) => ({
      ...old,
      running: false,
      text: "",
      error: error instanceof Error ? error : new Error(String(error)),
    }));

  const hear = ({ data }: MessageEvent<SweepReply>) => {
    if (data.kind === "failure") fail(data.message);
    else if (data.kind === "point")
      setState((old) => ({
        ...old,
        points: [...old.points, data.point],
        text: `${data.done} of ${2 * HALF + 1} doses`,
      }));
    else
      setState((old) => ({
        ...old,
        running: false,
        text: `${(2 * HALF + 1) * SWEEP_STARTS} rollouts in ${fixed(data.seconds, 1)} s`,
      }));
  };

  const run = async (edits: LiveEdit[]) => {
    setState({ ...IDLE, running: true, alpha: edits.length === 1 ? (edits[0]?.alpha ?? null) : null });
    try {
      const start = session.get().start;
      const starts = await fetchStarts(modelId, env, start?.kind ?? "reset", start?.seed ?? 0, SWEEP_STARTS);
      worker.current?.terminate();
      worker.current = new Worker(new URL("./sweep.worker.ts", import.meta.url), { type: "module" });
      worker.current.onmessage = hear;
      worker.current.onerror = (event) => fail(event.message || "The worker could not be started.");
      const states = starts.map((each) => each.state);
      const job: SweepJob = { physics, network, edits, factors: multiples(HALF), states, horizon };
      worker.current.postMessage(job);
    } catch (error) {
      fail(error);
    }
  };

  return { state, horizon, run: (edits: LiveEdit[]) => void run(edits) };
}
