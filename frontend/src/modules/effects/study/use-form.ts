import { useKept } from "@/lib/kept";
import type { EnvInfo, Model, StudyKind } from "@/lib/types";
import { startEnv } from "@/modules/runs/RunForm";
import { findEnv } from "@/modules/runs/use-env-info";

import { useMeasures } from "../api";
import type { Common } from "./settings";

/** The fields of a study, with what was typed here before; the shared ones have the environment's own defaults. */
export function useStudyFields<T extends Common>(
  model: Model,
  envs: EnvInfo[],
  kind: StudyKind,
  defaults: T,
) {
  const kept = useKept(model.id, kind, defaults);
  const { typed } = kept;
  const env = findEnv(envs, typed.env)?.id ?? startEnv(model, envs);
  const measures = useMeasures(env);
  const common: Common = { ...typed, env, measure: typed.measure ?? measures.data?.default ?? null };
  const limit = findEnv(envs, env)?.max_episode_steps;
  const steps = typed.steps === null ? limit : Number(typed.steps);
  return {
    ...kept,
    common,
    measures,
    steps,
    seeds: Number(typed.episodes),
    body: {
      env: env ?? "",
      seed: Number(typed.seed),
      episodes: Number(typed.episodes),
      ...(steps ? { max_steps: steps } : {}),
    },
  };
}

export type CommonForm = Pick<
  ReturnType<typeof useStudyFields<Common>>,
  "common" | "change" | "reset" | "measures" | "seeds"
>;
