import { Button, Progress } from "@mantine/core";

import type { Job } from "@/lib/types";
import { jobAmount } from "@/modules/jobs/words";
import { Failure } from "@/ui/States";

import { useCancelJob } from "./api";
import classes from "./Runs.module.css";

export function JobProgress({ job }: { job: Job }) {
  const cancel = useCancelJob();
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
        <p role="status">
          {job.state === "queued" ? "Waiting for its turn" : progress.message || "Running"}
          {progress.total > 0 && <span className="muted"> {jobAmount(job)}</span>}
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
