import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { client, send, unwrap } from "@/lib/client";
import { readEvents } from "@/lib/sse";
import type { Job, JobState } from "@/lib/types";

import { runKeys } from "./api";

const RETRY_MS = 2000;
const POLL_MS = 1000;

export const isFinished = (state: JobState | undefined) =>
  state !== undefined && state !== "queued" && state !== "running";

/** Follows a job to its end: by server-sent events, and by polling whenever the stream is not up. `onOver` is told
 * of the end by the stream at once, before anything is drawn. */
export function useJob(id: string | null, onOver?: (job: Job) => void) {
  const streaming = useJobStream(id, onOver);
  return useQuery({
    queryKey: runKeys.job(id ?? ""),
    queryFn: () => unwrap(client.GET("/job/{job_id}", { params: { path: { job_id: id ?? "" } } })),
    enabled: id !== null,
    refetchInterval: (query) => (isFinished(query.state.data?.state) || streaming ? false : POLL_MS),
  });
}

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

interface Follow {
  id: string;
  signal: AbortSignal;
  lastEvent: string | null;
  onLive: (live: boolean) => void;
  onOver: (job: Job) => void;
  queryClient: QueryClient;
}

/** Reads one connection to its end; true when the job is over. */
async function readStream(follow: Follow): Promise<boolean> {
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (follow.lastEvent) headers["Last-Event-ID"] = follow.lastEvent;
  const response = await send(`/job/${encodeURIComponent(follow.id)}/events`, {
    headers,
    signal: follow.signal,
  });
  if (!response.body) return false;
  follow.onLive(true);
  let over = false;
  for await (const event of readEvents(response.body)) {
    follow.lastEvent = event.id ?? follow.lastEvent;
    const job = JSON.parse(event.data) as Job;
    // An older answer that is still on its way must not overwrite this one.
    await follow.queryClient.cancelQueries({ queryKey: runKeys.job(follow.id) });
    follow.queryClient.setQueryData(runKeys.job(follow.id), job);
    over = isFinished(job.state);
    if (over) follow.onOver(job);
  }
  return over;
}

async function followJob(follow: Follow): Promise<void> {
  while (!follow.signal.aborted) {
    // A broken stream is not an error to show: polling carries on, and the stream is tried again.
    const over = await readStream(follow).catch(() => false);
    follow.onLive(false);
    const known = follow.queryClient.getQueryData<Job>(runKeys.job(follow.id));
    if (over || isFinished(known?.state)) return;
    await pause(RETRY_MS, follow.signal);
  }
}

function useJobStream(id: string | null, onOver?: (job: Job) => void): boolean {
  const queryClient = useQueryClient();
  const [streaming, setStreaming] = useState(false);
  const told = useRef(onOver);
  useEffect(() => {
    told.current = onOver;
  });
  useEffect(() => {
    if (id === null) return undefined;
    const abort = new AbortController();
    const onLive = (live: boolean) => !abort.signal.aborted && setStreaming(live);
    const tell = (job: Job) => told.current?.(job);
    void followJob({ id, signal: abort.signal, lastEvent: null, onLive, onOver: tell, queryClient });
    return () => {
      abort.abort();
      setStreaming(false);
    };
  }, [id, queryClient]);
  return streaming;
}
