import { useEffect } from "react";

import type { JobState, Run } from "@/lib/types";
import { useDrawing } from "@/modules/replay/api";
import { getReady, openPlayer } from "@/modules/replay/loader";
import { Block, Notice } from "@/ui/States";

import { isFinished, useJob } from "./use-job";
import classes from "./Compare.module.css";

const SENTENCES: Partial<Record<JobState, string>> = {
  cancelled:
    "This run was cancelled before its end, so there is nothing to compare. Press Run Model to play it again.",
  interrupted: "The server stopped during this run. Press Run Model to start it again.",
  failed: "This run failed, so there is nothing to compare.",
};

/** A run without a result: still playing, or ended without one, with the reason where the job gives it. */
export function Unfinished({ run }: { run: Run }) {
  const watched = run.kind === "comparison" && !isFinished(run.state);
  const { data: drawing } = useDrawing(watched ? run.env : null);
  useEffect(() => {
    if (watched) void openPlayer();
    if (watched && drawing) void getReady(drawing);
  }, [watched, drawing]);
  if (isFinished(run.state)) return <Ended run={run} />;
  return (
    <div className={classes.waiting}>
      <p className="muted">Episodes are being played. The comparison appears when the last one ends.</p>
      <Block height={330} label="Waiting for the run" />
    </div>
  );
}

function Ended({ run }: { run: Run }) {
  const { data: job } = useJob(run.state === "cancelled" ? null : run.job_id);
  return (
    <Notice>
      {SENTENCES[run.state]} {job?.error?.message}
    </Notice>
  );
}
