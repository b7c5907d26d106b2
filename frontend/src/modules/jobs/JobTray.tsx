import { Button, Loader, Popover } from "@mantine/core";
import { useCallback, useState, type ReactNode } from "react";

import { useKeysThatClose } from "@/lib/keys";
import type { RunSummary } from "@/lib/types";
import { Failure, Lines } from "@/ui/States";
import { Icon } from "@/ui/Icon";

import { isActive, useJobs, useRunsOfJobs } from "./api";
import { JobRow } from "./JobRow";
import { trayWord } from "./words";
import classes from "./Jobs.module.css";

const RECENT = 8;

interface Props {
  onOpen: (run: RunSummary) => void;
}

/** Every job of the server from any page: what runs, what waits, what ended lately. It is read from the server, so a reload loses nothing. */
export function JobTray({ onOpen }: Props) {
  const [opened, setOpened] = useState(false);
  useKeysThatClose(
    opened,
    useCallback(() => setOpened(false), []),
  );
  const { data: jobs = [], error, isPending, refetch } = useJobs();
  const active = jobs.filter(isActive);
  const recent = jobs.filter((job) => !isActive(job)).slice(0, RECENT);
  const runs = useRunsOfJobs([...active, ...recent], opened);

  const row = (job: (typeof jobs)[number]) => {
    const run = runs.get(job.id);
    const open = () => {
      setOpened(false);
      if (run) onOpen(run);
    };
    return <JobRow key={job.id} job={job} run={run} onOpen={run && open} onChanged={() => void refetch()} />;
  };

  return (
    <Popover opened={opened} onChange={setOpened} width={380} position="bottom-end" shadow="md">
      <Popover.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          aria-label={active.length > 0 ? `Jobs: ${trayWord(active)}` : "Jobs"}
          leftSection={active.length > 0 ? <Loader size={14} /> : <Icon name="jobs" size={17} />}
          onClick={() => {
            setOpened(!opened);
            if (!opened) void refetch();
          }}
        >
          {trayWord(active)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.tray} aria-label="Jobs">
        {error && (
          <Failure error={error} onRetry={() => void refetch()} title="The jobs could not be listed" />
        )}
        {isPending && <Lines rows={3} height={36} label="Reading the jobs" />}
        {active.length > 0 && <Group title="Under way">{active.map(row)}</Group>}
        {recent.length > 0 && <Group title="Recent">{recent.map(row)}</Group>}
        {!error && !isPending && jobs.length === 0 && (
          <p className="muted small">
            No jobs yet. A run appears here with its progress, from whichever page.
          </p>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.group}>
      <h3>{title}</h3>
      <ul>{children}</ul>
    </section>
  );
}
