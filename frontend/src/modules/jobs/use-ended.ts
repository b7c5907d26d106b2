import { useState } from "react";

import type { Job } from "@/lib/types";

import { isActive, useJobs } from "./api";

const AT_MOST = 3;

interface Watched {
  jobs: readonly Job[];
  active: ReadonlySet<string>;
  ended: readonly string[];
}

/** What has just ended: under way at the last look, and no longer. A job that somebody cancelled is no news. */
export function newlyEnded(active: ReadonlySet<string>, jobs: readonly Job[]): string[] {
  return jobs
    .filter((job) => active.has(job.id) && !isActive(job) && job.state !== "cancelled")
    .map((job) => job.id);
}

const NOTHING: Watched = { jobs: [], active: new Set(), ended: [] };
const NO_JOBS: readonly Job[] = [];

/** Jobs that ended while this page was open, newest first, until each is dismissed. */
export function useEnded() {
  const { data: jobs = NO_JOBS } = useJobs();
  const [watched, setWatched] = useState(NOTHING);
  if (watched.jobs !== jobs)
    setWatched({
      jobs,
      active: new Set(jobs.filter(isActive).map(({ id }) => id)),
      ended: [...newlyEnded(watched.active, jobs), ...watched.ended].slice(0, AT_MOST),
    });
  const dismiss = (id: string) =>
    setWatched((old) => ({ ...old, ended: old.ended.filter((each) => each !== id) }));
  const ended = watched.ended.flatMap((id) => jobs.find((job) => job.id === id) ?? []);
  return { ended, dismiss };
}
