import { Button, NumberInput } from "@mantine/core";

import { duration, plural } from "@/lib/format";
import { useKept } from "@/lib/kept";
import type { EnvInfo, FeatureEdit, Model } from "@/lib/types";
import { ArmName } from "@/ui/ArmName";
import { Failure, Notice } from "@/ui/States";
import { ToDefaults } from "@/ui/ToDefaults";

import { useRuns, useStartRun } from "./api";
import { armBrief, armText, BASELINE, toneColor, toneOf } from "./arms";
import { EnvSelect } from "./EnvSelect";
import { StartFields } from "./StartFields";
import { RESET, startRequest, type StartDraft } from "./start";
import { LevelButtons } from "./LevelButtons";
import { freshSeed, INFERENTIAL, type Level } from "./levels";
import { findEnv, homeEnv } from "./use-env-info";
import classes from "./Runs.module.css";

interface Props {
  model: Model;
  envs: EnvInfo[];
  running: boolean;
  unapplied: boolean;
  onStarted: (runId: string) => void;
}

interface Settings {
  env: string | null;
  episodes: number | string;
  steps: number | string | null;
  seed: number | string;
  start: StartDraft;
}

interface PlannedArm {
  name: string;
  edits: FeatureEdit[];
  weights: "edited" | "original";
}

/** The arms that the server will run for this model as it is now. */
export function plannedArms({ n_edits, intervention }: Model): PlannedArm[] {
  const weights = n_edits > 0 ? "edited" : "original";
  const arms: PlannedArm[] = [{ name: BASELINE, edits: [], weights: "original" }];
  if (n_edits > 0) arms.push({ name: "edited weights", edits: [], weights });
  if (intervention) arms.push({ name: "intervention", edits: intervention.edits, weights });
  return arms;
}

/** The environment to start from: where the model was made, else the first that fits. */
export function startEnv(model: Model, envs: EnvInfo[]): string | null {
  const home = findEnv(envs, homeEnv(model))?.id;
  return (home && model.compatible_envs.includes(home) ? home : model.compatible_envs[0]) ?? null;
}

function bodyOf({ episodes, seed, steps, start }: Settings, env: string, limit: number | undefined) {
  const most = steps ?? limit;
  return {
    env,
    episodes: Number(episodes),
    seed: Number(seed),
    ...(most ? { max_steps: Number(most) } : {}),
    ...startRequest(start),
  };
}

const DEFAULTS: Settings = { env: null, episodes: 16, steps: null, seed: 0, start: RESET };

/** What the form shows: what was typed here before, else the model's own environment and its limit. */
function useSettings(model: Model, envs: EnvInfo[]) {
  const { typed, change, reset } = useKept(model.id, "run", DEFAULTS);
  const runs = useRuns(model.id);
  const env = findEnv(envs, typed.env)?.id ?? startEnv(model, envs);
  const onLevel = ({ key, seeds }: Level) =>
    change({ episodes: seeds, ...(key === "confirm" ? { seed: freshSeed(runs.data ?? [], env) } : {}) });
  const recorded = (runs.data ?? []).filter(
    (run) => run.kind === "comparison" && run.state === "done" && run.env === env,
  );
  // the run whose states were chosen may be deleted since, or of another environment
  const gone = typed.start.kind === "run" && !recorded.some(({ id }) => id === typed.start.run);
  const settings = gone && runs.isSuccess ? { ...typed, start: RESET } : typed;
  const limit = findEnv(envs, env)?.max_episode_steps;
  return { settings, change, reset, onLevel, env, recorded, limit };
}

export function RunForm({ model, envs, running, unapplied, onStarted }: Props) {
  const start = useStartRun(model.id);
  const { settings, change, reset, onLevel, env, recorded, limit } = useSettings(model, envs);
  const episodes = Number(settings.episodes);
  const arms = plannedArms(model);

  const submit = (again = false) => {
    if (env === null) return;
    start.mutate(
      { ...bodyOf(settings, env, limit), ...(again ? { again } : {}) },
      { onSuccess: (accepted) => onStarted(accepted.run_id) },
    );
  };

  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className={classes.fields}>
        <EnvSelect
          model={model}
          envs={envs}
          value={env}
          onChange={(id) => change({ env: id, steps: null })}
        />
        <NumberInput
          label="Episodes"
          min={1}
          max={1000}
          value={settings.episodes}
          onChange={(value) => change({ episodes: value })}
        />
        <NumberInput
          label="Max steps"
          min={1}
          max={limit ?? 100_000}
          step={50}
          value={settings.steps ?? limit ?? ""}
          onChange={(value) => change({ steps: value })}
        />
        <NumberInput
          label="First seed"
          min={0}
          value={settings.seed}
          onChange={(value) => change({ seed: value })}
        />
        <StartFields start={settings.start} runs={recorded} onChange={(start) => change({ start })} />
        <Button
          type="submit"
          className={classes.go}
          loading={start.isPending}
          disabled={running || env === null || !(episodes >= 1)}
        >
          Run Model
        </Button>
      </div>
      <Plan
        arms={arms}
        episodes={episodes}
        estimate={start.data?.estimate_s ?? null}
        onLevel={onLevel}
        onReset={reset}
      />
      {unapplied && (
        <p className={classes.hint}>
          The slider differs from what is stored. Apply it first if it should count.
        </p>
      )}
      {start.data?.reused && <Reused onAgain={() => submit(true)} />}
      {start.error && <Failure error={start.error} onRetry={() => submit()} />}
    </form>
  );
}

interface PlanProps {
  arms: PlannedArm[];
  episodes: number;
  estimate: number | null;
  onLevel: (level: Level) => void;
  onReset: (() => void) | undefined;
}

/** What the button will play, how sure it makes, and how long it takes once that is known. */
function Plan({ arms, episodes, estimate, onLevel, onReset }: PlanProps) {
  return (
    <div className={classes.plan}>
      <LevelButtons episodes={episodes} onLevel={onLevel} />
      <ul aria-label="Arms of the next run">
        {arms.map((arm) => (
          <li key={arm.name}>
            <ArmName color={toneColor(toneOf(arm))}>{arm.name}</ArmName>
            <span className="muted" title={armText(arm)}>
              {armBrief(arm)}
            </span>
          </li>
        ))}
      </ul>
      <p>
        {planText(arms.length, episodes)}
        {estimate ? ` About ${duration(estimate)}, judged by earlier runs.` : ""}
        <ToDefaults onReset={onReset} />
      </p>
    </div>
  );
}

/** Equal runs give equal numbers, so the finished one is shown instead of playing it twice. */
export function Reused({ onAgain }: { onAgain: () => void }) {
  return (
    <Notice
      action={
        <Button size="xs" variant="default" onClick={onAgain}>
          Play it again
        </Button>
      }
    >
      Exactly this was finished before, with the same weights, SAE, seeds and versions: here it is again.
    </Notice>
  );
}

/** Five seeds can never reach p < 0.05 with a sign-flip test: that is said before the run, not after. */
export function planText(arms: number, episodes: number): string {
  if (arms === 1) return "Only the baseline will run: nothing has been changed yet.";
  const size = `${plural(arms, "arm")} × ${plural(episodes, "seed")} = ${plural(arms * episodes, "episode")}.`;
  if (episodes < INFERENTIAL) return `${size} A preview: too few seeds for a test.`;
  return episodes < 16 ? `${size} 16 seeds or more make a comparison worth quoting.` : size;
}
