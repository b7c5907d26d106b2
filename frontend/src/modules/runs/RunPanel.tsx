import type { Job, Model } from "@/lib/types";
import { Panel } from "@/ui/Panel";
import { Block, Empty, Failure } from "@/ui/States";

import { useEnvs } from "./api";
import { JobProgress } from "./JobProgress";
import { RunForm } from "./RunForm";
import { isFinished } from "./use-job";
import classes from "./Runs.module.css";

interface Props {
  model: Model;
  /** The job of the run in the address, while it is not over. */
  job: Job | undefined;
  /** The slider shows something else than what is stored. */
  unapplied: boolean;
  onStarted: (runId: string) => void;
}

export function RunPanel({ model, job, unapplied, onStarted }: Props) {
  const envs = useEnvs();
  const running = job !== undefined && !isFinished(job.state);
  return (
    <Panel id="run" step={5} title="Run" lead="The same seeds with and without the change.">
      <div className={classes.run}>
        {model.architecture_only ? (
          <Empty title="Nothing to run">
            This file describes an architecture without weights. Upload the weights to run it.
          </Empty>
        ) : envs.isPending ? (
          <Block height={96} label="Reading the environments" />
        ) : envs.error ? (
          <Failure
            error={envs.error}
            onRetry={() => void envs.refetch()}
            title="The environments could not be listed"
          />
        ) : (
          <RunForm
            model={model}
            envs={envs.data}
            running={running}
            unapplied={unapplied}
            onStarted={onStarted}
          />
        )}
        {running && <JobProgress job={job} />}
      </div>
    </Panel>
  );
}
