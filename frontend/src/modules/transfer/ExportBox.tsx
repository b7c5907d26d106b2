import { Button, Select } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { Job, Model } from "@/lib/types";
import { JobProgress } from "@/modules/runs/JobProgress";
import { isFinished, useJob } from "@/modules/runs/use-job";
import { Icon } from "@/ui/Icon";
import { Failure } from "@/ui/States";

import { downloadWorkspace, useExport } from "./api";
import classes from "./Transfer.module.css";

const ALL = "";

/** Writes everything, or one model with all that belongs to it, into one file. */
export function ExportBox({ models }: { models: Model[] }) {
  const [model, setModel] = useState(ALL);
  const start = useExport();
  const accepted = start.data;
  const { data: job } = useJob(accepted?.job_id ?? null);
  const run = () => start.mutate(model === ALL ? null : model);
  const running = job !== undefined && !isFinished(job.state);
  return (
    <div className={classes.box}>
      <div className={classes.row}>
        <Select
          label="What"
          size="xs"
          w={260}
          allowDeselect={false}
          data={[
            { value: ALL, label: "Everything" },
            ...models.map(({ id, name }) => ({ value: id, label: `${name} (${id.slice(-4)})` })),
          ]}
          value={model}
          onChange={(value) => setModel(value ?? ALL)}
        />
        <Button size="xs" loading={start.isPending || running} disabled={models.length === 0} onClick={run}>
          Export
        </Button>
        {job?.state === "done" && accepted && <Download id={accepted.export_id} />}
      </div>
      {running && <JobProgress job={job} />}
      {job && <Failed job={job} onRetry={run} />}
      {start.error && <Failure error={start.error} onRetry={run} />}
    </div>
  );
}

function Failed({ job, onRetry }: { job: Job; onRetry: () => void }) {
  if (job.state !== "failed") return null;
  return <Failure error={new Error(job.error?.message)} onRetry={onRetry} />;
}

function Download({ id }: { id: string }) {
  const fetchIt = useMutation({ mutationFn: () => downloadWorkspace(id) });
  return (
    <>
      <Button
        size="xs"
        variant="default"
        leftSection={<Icon name="download" size={14} />}
        loading={fetchIt.isPending}
        onClick={() => fetchIt.mutate()}
      >
        Download workspace.zip
      </Button>
      {fetchIt.error && <Failure error={fetchIt.error} onRetry={() => fetchIt.mutate()} />}
    </>
  );
}
