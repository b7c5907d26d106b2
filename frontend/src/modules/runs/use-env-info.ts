import type { EnvInfo, Model } from "@/lib/types";

import { useEnvs } from "./api";

/** The environment that a model was made for: recorded in its file, else by its SAE, else the only one that fits. */
export function homeEnv(model: Model): string | null {
  if (typeof model.metadata.env === "string") return model.metadata.env;
  if (model.sae?.env) return model.sae.env;
  return model.compatible_envs.length === 1 ? (model.compatible_envs[0] ?? null) : null;
}

export function findEnv(
  envs: readonly EnvInfo[] | undefined,
  id: string | null | undefined,
): EnvInfo | undefined {
  return id ? envs?.find((env) => env.id === id || env.aliases.includes(id)) : undefined;
}

/** Names of observations and actions, where the environment is known and its sizes are the policy's. */
export function useEnvInfo(model: Model): EnvInfo | undefined {
  const { data } = useEnvs();
  const env = findEnv(data, homeEnv(model));
  return env?.obs_dim === model.obs_dim ? env : undefined;
}
