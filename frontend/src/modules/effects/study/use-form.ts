import { useState } from "react";

import type { EnvInfo, Model } from "@/lib/types";
import { startEnv } from "@/modules/runs/RunForm";
import { findEnv } from "@/modules/runs/use-env-info";

import { useMeasures } from "../api";
import type { Common } from "./settings";

/** The fields that every study shares, with the environment's own defaults until they are changed. */
export function useCommon(model: Model, envs: EnvInfo[], episodes: number) {
  const [typed, setTyped] = useState<Common>({ env: null, measure: null, episodes, steps: null, seed: 0 });
  const env = typed.env ?? startEnv(model, envs);
  const measures = useMeasures(env);
  const common: Common = { ...typed, env, measure: typed.measure ?? measures.data?.default ?? null };
  const limit = findEnv(envs, env)?.max_episode_steps;
  const steps = typed.steps === null ? limit : Number(typed.steps);
  return {
    common,
    change: (patch: Partial<Common>) => setTyped((old) => ({ ...old, ...patch })),
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

export type CommonForm = ReturnType<typeof useCommon>;
