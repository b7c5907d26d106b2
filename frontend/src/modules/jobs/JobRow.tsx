import { Button, Progress } from "@mantine/core";

import { duration } from "@/lib/format";
import type { Job, RunSummary } from "@/lib/types";
import { useCancelJob } from "@/modules/runs/api";
import { Failure } from "@/ui/States";

import { canRetry, isActive, useRetryJob } from "./api";
import { jobAmount, jobEnd, jobTitle } from "./words";
import classes from "./Jobs.module.css";

interface Props {
  job: Job;
  run: RunSummary | undefined;
  onOpen: (() => void) | undefined;
  onChanged: () => void;
}

export function JobRow({ job, run, onOpen, onChanged }: Props) {
  const cancel = useCancelJob();
  const retry = useRetryJob();
  const title = jobTitle(job, run);
  return (
    <li className={classes.job} data-state={job.state}>
      <div className={classes.text}>
        <strong>{title}</strong>
        <small>{isActive(job) ? progressText(job) : jobEnd(job)}</small>
        {job.error && <small className={classes.error}>{job.error.message}</small>}
      </div>
      <div className={classes.actions}>
        {isActive(job) && (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`Cancel: ${title}`}
            loading={cancel.isPending}
            onClick={() => cancel.mutate(job.id, { onSuccess: onChanged })}
          >
            Cancel
          </Button>
        )}
        {canRetry(job) && (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`Retry: ${title}`}
            loading={retry.isPending}
            onClick={() => retry.mutate(job.id, { onSuccess: onChanged })}
          >
            Retry
          </Button>
        )}
        {onOpen && (
          <Button size="compact-xs" variant="subtle" aria-label={`Open: ${title}`} onClick={onOpen}>
            Open
          </Button>
        )}
      </div>
      {isActive(job) && (
        <Progress className={classes.bar} size={4} value={share(job)} aria-label={`Progress: ${title}`} />
      )}
      {cancel.error && <Failure error={cancel.error} />}
      {retry.error && <Failure error={retry.error} />}
    </li>
  );
}

const share = ({ progress }: Job) => (progress.total > 0 ? (100 * progress.done) / progress.total : 0);

function progressText(job: Job): string {
  if (job.state === "queued") return `waiting for its turn${expected(job)}`;
  return job.progress.eta_s == null ? `${jobAmount(job)}${expected(job)}` : jobAmount(job);
}

/** What the server expected before it started; nothing where there is no earlier job to judge by. */
const expected = ({ estimate_s }: Job) => (estimate_s ? `, expected to take ${duration(estimate_s)}` : "");
