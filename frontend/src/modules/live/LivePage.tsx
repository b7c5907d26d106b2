import { Select } from "@mantine/core";
import { useState } from "react";

import type { EnvInfo, Model } from "@/lib/types";
import { useEnvs } from "@/modules/runs/api";
import { startEnv } from "@/modules/runs/RunForm";
import { findEnv } from "@/modules/runs/use-env-info";
import { Block, Empty, Failure } from "@/ui/States";
import { ToSection } from "@/ui/ToSection";

import { BrowserLive, type LiveProps } from "./BrowserLive";
import { ServerLive } from "./ServerLive";
import classes from "./Live.module.css";

type Props = Omit<LiveProps, "env">;

/** The closed loop, live: drag α while the body moves, then let the server play the same as a run. */
export default function LivePage(props: Props) {
  const { model } = props;
  const envs = useEnvs();
  const [chosen, setChosen] = useState<string | null>(null);
  const env = findEnv(envs.data, chosen ?? (envs.data ? startEnv(model, envs.data) : null));
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <h2>Steer live</h2>
        {env && <Where model={model} env={env} onChange={setChosen} />}
      </div>
      {model.sae === null ? (
        <Empty title="Needs an SAE" action={<ToSection id="load-sae">Load an SAE</ToSection>}>
          Live steering pushes features. Load an SAE in the workbench first.
        </Empty>
      ) : envs.isSuccess && !env ? (
        <Empty title="No environment fits">Live steering needs one whose sizes are the policy&apos;s.</Empty>
      ) : envs.error ? (
        <Failure
          error={envs.error}
          onRetry={() => void envs.refetch()}
          title="The environments could not be listed"
        />
      ) : env ? (
        <Stepped key={env.id} {...props} env={env} />
      ) : (
        <Block height={520} label="Reading the environments" />
      )}
    </div>
  );
}

/** The environment, to be chosen where several fit the policy. */
function Where({ model, env, onChange }: { model: Model; env: EnvInfo; onChange: (id: string) => void }) {
  if (model.compatible_envs.length < 2) return <span className={classes.env}>{env.id}</span>;
  return (
    <Select
      aria-label="Environment"
      size="xs"
      w={210}
      allowDeselect={false}
      data={model.compatible_envs}
      value={env.id}
      onChange={(id) => id !== null && onChange(id)}
    />
  );
}

/** By this page where the browser has the body, else by the server. */
function Stepped(props: LiveProps) {
  const [server, setServer] = useState(props.env.live === "server");
  return server ? <ServerLive {...props} /> : <BrowserLive {...props} onServer={() => setServer(true)} />;
}
