import type { ReactNode } from "react";

import type { components } from "@/lib/api-types";
import { plural } from "@/lib/format";
import type { Run } from "@/lib/types";
import { Evidence } from "@/modules/runs/Evidence";
import { JobProgress } from "@/modules/runs/JobProgress";
import { Provenance } from "@/modules/runs/Provenance";
import { isFinished, useJob } from "@/modules/runs/use-job";
import { Block, Failure, Notice } from "@/ui/States";

import { useStudy } from "./use-study";
import classes from "../Effects.module.css";

interface Props {
  runId: string;
  children: (effects: components["schemas"]["Effects"]) => ReactNode;
}

/** One study from its start to its numbers: progress with cancel, how it ended, then the result and its evidence. */
export function StudyResult({ runId, children }: Props) {
  const { run, job, failure, effects } = useStudy(runId);
  if (job && !isFinished(job.state)) return <JobProgress job={job} />;
  if (run && run.state !== "done" && isFinished(run.state)) return <Stopped run={run} />;
  if (failure) return <Failure {...failure} />;
  if (!run || !effects.data) return <Block height={320} label="Reading the numbers" />;
  return (
    <div className={classes.result}>
      <Heading run={run} findings={effects.data.scan?.findings ?? []} />
      {children(effects.data)}
      <Evidence runId={run.id} />
      <Provenance run={run} />
    </div>
  );
}

const ENDS: Partial<Record<Run["state"], string>> = {
  failed: "failed",
  cancelled: "was cancelled",
  interrupted: "was interrupted",
};

function Stopped({ run }: { run: Run }) {
  const { data: job } = useJob(run.job_id);
  return (
    <Notice>
      This study {ENDS[run.state] ?? "has ended"} before its end, so it has no numbers. {job?.error?.message}{" "}
      Start it again above.
    </Notice>
  );
}

/** The sentence of the study; a scan's findings have a list of their own. */
function Heading({ run, findings }: { run: Run; findings: string[] }) {
  return (
    <>
      <p className={classes.sentence}>{run.sentence?.replace(findings.join(" "), "").trim()}</p>
      <p className={classes.conditions}>
        {run.env}, {plural(run.episodes, "seed")} from {run.seed}, at most {plural(run.max_steps, "step")}
      </p>
    </>
  );
}
