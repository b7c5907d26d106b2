import { Button, Progress } from "@mantine/core";
import { skipToken, useQuery } from "@tanstack/react-query";

import { ApiError, messageOf } from "@/lib/errors";
import { count } from "@/lib/format";
import type { Job } from "@/lib/types";
import { jobAmount } from "@/modules/jobs/words";
import { Failure } from "@/ui/States";

import { runKeys, useCancelJob } from "./api";
import classes from "./Runs.module.css";

/** Whoever follows the job asks again and again; what stands here is what was last answered. */
const useLost = (id: string) => useQuery<Job>({ queryKey: runKeys.job(id), queryFn: skipToken }).error;

function lostText(error: Error, { progress }: Job): string {
  const why =
    error instanceof ApiError && error.status > 0
      ? messageOf(error)
      : "The server does not answer; it is asked again every second, and goes on when it is back.";
  const { done, total, unit } = progress;
  return total > 0 ? `${why} Last known: ${count(done)} of ${count(total)} ${unit}.` : why;
}

export function JobProgress({ job }: { job: Job }) {
  const cancel = useCancelJob();
  const lost = useLost(job.id);
  const { progress } = job;
  const share = progress.total > 0 ? (100 * progress.done) / progress.total : 0;
  return (
    <div className={classes.progress}>
      <Progress
        value={job.state === "queued" ? 100 : share}
        animated={job.state === "queued"}
        striped={job.state === "queued"}
        size={6}
        aria-label={job.kind === "workspace_export" ? "Progress of the export" : "Progress of the run"}
      />
      <div className={classes.progressRow}>
        {lost ? (
          <p role="status" className={classes.hint}>
            {lostText(lost, job)}
          </p>
        ) : (
          <p role="status">
            {job.state === "queued" ? "Waiting for its turn" : progress.message || "Running"}
            {progress.total > 0 && <span className="muted"> {jobAmount(job)}</span>}
          </p>
        )}
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
