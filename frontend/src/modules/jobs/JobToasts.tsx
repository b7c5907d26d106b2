import { Button, CloseButton } from "@mantine/core";

import type { Job, RunSummary } from "@/lib/types";

import { useRunsOfJobs } from "./api";
import { useEnded } from "./use-ended";
import { jobEnd, jobTitle } from "./words";
import classes from "./Jobs.module.css";

interface Props {
  /** Whether the page shows this job's result already. */
  isShown: (job: Job, run: RunSummary | undefined) => boolean;
  onOpen: (run: RunSummary) => void;
}

/** What ended while another page was open: one card each, with the way to its result. */
export function JobToasts({ isShown, onOpen }: Props) {
  const { ended, dismiss } = useEnded();
  const runs = useRunsOfJobs(ended, ended.length > 0);
  const cards = ended.filter((job) => !isShown(job, runs.get(job.id)));
  return (
    <section className={classes.toasts} aria-label="Finished jobs" aria-live="polite">
      {cards.map((job) => {
        const run = runs.get(job.id);
        const title = jobTitle(job, run);
        return (
          <article key={job.id} className={classes.toast} data-state={job.state}>
            <div className={classes.text}>
              <strong>{title}</strong>
              <small className={job.error ? classes.error : undefined}>
                {job.error?.message ?? run?.sentence ?? jobEnd(job)}
              </small>
            </div>
            <div className={classes.actions}>
              {run && (
                <Button
                  size="compact-xs"
                  variant="light"
                  aria-label={`Open the result: ${title}`}
                  onClick={() => {
                    dismiss(job.id);
                    onOpen(run);
                  }}
                >
                  Open
                </Button>
              )}
              <CloseButton size="sm" aria-label={`Close: ${title}`} onClick={() => dismiss(job.id)} />
            </div>
          </article>
        );
      })}
    </section>
  );
}
