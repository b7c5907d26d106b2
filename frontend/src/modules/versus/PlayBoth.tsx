import { Button } from "@mantine/core";

import { useKept } from "@/lib/kept";
import type { Model } from "@/lib/types";
import { useView } from "@/lib/view";
import { ago, plural } from "@/lib/format";
import { useEnvs, useRun, useRuns } from "@/modules/runs/api";
import { EnvSelect } from "@/modules/runs/EnvSelect";
import { JobProgress } from "@/modules/runs/JobProgress";
import { LevelButtons } from "@/modules/runs/LevelButtons";
import { LEVELS } from "@/modules/runs/levels";
import { RunLines } from "@/modules/runs/RunLines";
import { isFinished, useJob } from "@/modules/runs/use-job";
import { Block, Failure } from "@/ui/States";

import { usePlayBoth } from "./api";
import classes from "./Versus.module.css";

interface Props {
  model: Model;
  other: string;
  /** As the arm of the other model is called. */
  otherName: string;
  onStarted: (run: string) => void;
}

interface Typed {
  env: string | null;
  episodes: number;
}

const DEFAULTS: Typed = { env: null, episodes: LEVELS[1].seeds };

/** Both models on the same seeds, in an environment that takes their sizes. */
export function PlayBoth({ model, other, otherName, onStarted }: Props) {
  const envs = useEnvs();
  const { typed, change } = useKept<Typed>(model.id, "versus", DEFAULTS);
  const { episodes } = typed;
  const chosen = model.compatible_envs.find((id) => id === typed.env);
  const env = chosen ?? model.compatible_envs.find((id) => id === model.sae?.env) ?? model.compatible_envs[0];
  const play = usePlayBoth(model.id);
  const start = () =>
    env !== undefined &&
    play.mutate({ other, env, episodes }, { onSuccess: ({ run_id }) => onStarted(run_id) });
  return (
    <section aria-label="Play both" className={classes.play}>
      <h3>Both on the same seeds</h3>
      {envs.error && (
        <Failure
          error={envs.error}
          onRetry={() => void envs.refetch()}
          title="The environments could not be listed"
        />
      )}
      <div className={classes.form}>
        {envs.data ? (
          <EnvSelect
            model={model}
            envs={envs.data}
            value={env ?? null}
            onChange={(next) => change({ env: next })}
          />
        ) : (
          envs.isPending && <Block height={60} label="Reading the environments" />
        )}
        <LevelButtons episodes={episodes} onLevel={({ seeds }) => change({ episodes: seeds })} />
        <Button loading={play.isPending} disabled={env === undefined} onClick={start}>
          Play both models
        </Button>
      </div>
      {play.error && <Failure error={play.error} onRetry={start} title="The run could not be started" />}
      <Running />
      <Played modelId={model.id} name={otherName} onOpen={onStarted} />
    </section>
  );
}

const SHOWN = 3;

/** Until a run of both is on the page: those that were played, or what pressing the button brings. */
function Played({ modelId, name, onOpen }: { modelId: string; name: string; onOpen: (run: string) => void }) {
  const { view } = useView();
  const { data: runs } = useRuns(modelId);
  if (view.run !== undefined || !runs) return null;
  const played = runs.filter(
    ({ kind, state, arm_names: arms }) =>
      kind === "comparison" && state === "done" && arms.length === 2 && arms[1] === name,
  );
  if (played.length === 0)
    return (
      <p className="muted small">
        Not played yet. The result appears below: every seed as a pair, intervals, both bodies side by side.
      </p>
    );
  return (
    <div className={classes.played}>
      <h4>Played before</h4>
      <RunLines
        runs={played.slice(0, SHOWN)}
        onOpen={({ id }) => onOpen(id)}
        note={(run) => `${run.env}, ${plural(run.episodes, "seed")}, ${ago(run.created_at)}`}
      />
    </div>
  );
}

/** The run in the address, while it is not over. */
function Running() {
  const { view } = useView();
  return view.run ? <Progress runId={view.run} /> : null;
}

function Progress({ runId }: { runId: string }) {
  const { data: run } = useRun(runId);
  const { data: job } = useJob(run?.job_id ?? null);
  return job && !isFinished(job.state) ? <JobProgress job={job} /> : null;
}
