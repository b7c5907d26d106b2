import { Button, Progress } from "@mantine/core";

import { count, duration } from "@/lib/format";
import type { Job } from "@/lib/types";
import { Failure } from "@/ui/States";

import { useCancelJob } from "./api";
import classes from "./Runs.module.css";

/** Seconds left at the pace so far; null while there is too little to tell. */
export function remaining(job: Job, now = Date.now()): number | null {
  const { progress, started_at } = job;
  if (!started_at || progress.done <= 0 || progress.total <= 0) return null;
  const elapsed = (now - Date.parse(started_at)) / 1000;
  return elapsed <= 0 ? null : (elapsed / progress.done) * (progress.total - progress.done);
}

export function JobProgress({ job }: { job: Job }) {
  const cancel = useCancelJob();
  const { progress } = job;
  const share = progress.total > 0 ? (100 * progress.done) / progress.total : 0;
  const left = remaining(job);
  return (
    <div className={classes.progress}>
      <Progress
        value={job.state === "queued" ? 100 : share}
        animated={job.state === "queued"}
        striped={job.state === "queued"}
        size={6}
        aria-label="Progress of the run"
      />
      <div className={classes.progressRow}>
        <p role="status">
          {job.state === "queued" ? "Waiting for its turn" : progress.message || "Running"}
          {progress.total > 0 && (
            <span className="muted">
              {" "}
              {count(progress.done)} of {count(progress.total)} {progress.unit}
              {left !== null && `, ${duration(left)} left`}
            </span>
          )}
        </p>
        <Button
          size="compact-sm"
          variant="default"
          loading={cancel.isPending}
          onClick={() => cancel.mutate(job.id)}
        >
          Cancel
        </Button>
      </div>
      {cancel.error && <Failure error={cancel.error} />}
    </div>
  );
}
