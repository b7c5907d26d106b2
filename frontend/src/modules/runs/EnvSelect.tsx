import { Select } from "@mantine/core";

import type { EnvInfo, Model } from "@/lib/types";

import classes from "./Runs.module.css";

interface Props {
  model: Model;
  envs: EnvInfo[];
  value: string | null;
  onChange: (env: string) => void;
}

/** Why a policy cannot act in an environment, or null when it can. */
export function misfit(model: Model, env: EnvInfo): string | null {
  if (model.compatible_envs.includes(env.id)) return null;
  return `needs ${env.obs_dim} → ${env.act_dim}, this policy is ${model.obs_dim} → ${model.act_dim}`;
}

/** Every environment is listed; those that do not fit are disabled and say why. */
export function EnvSelect({ model, envs, value, onChange }: Props) {
  const byId = new Map(envs.map((env) => [env.id, env]));
  const fitting = envs.filter((env) => misfit(model, env) === null);
  const others = envs.filter((env) => misfit(model, env) !== null);
  return (
    <Select
      label="Environment"
      placeholder="Choose an environment"
      allowDeselect={false}
      data={[...fitting, ...others].map((env) => ({
        value: env.id,
        label: env.id,
        disabled: misfit(model, env) !== null,
      }))}
      value={value}
      onChange={(id) => id !== null && onChange(id)}
      error={
        fitting.length === 0
          ? `No environment takes ${model.obs_dim} observations and ${model.act_dim} actions.`
          : undefined
      }
      maxDropdownHeight={320}
      renderOption={({ option }) => {
        const env = byId.get(option.value);
        return (
          <span className={classes.option}>
            {option.label}
            {env && <small>{misfit(model, env) ?? env.title}</small>}
          </span>
        );
      }}
    />
  );
}
