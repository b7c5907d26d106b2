import { useEffect, useState } from "react";

import { messageOf } from "@/lib/errors";
import type { Drawing, EnvInfo, LiveNetwork, Model, Physics } from "@/lib/types";
import { useEnvs } from "@/modules/runs/api";
import { startEnv } from "@/modules/runs/RunForm";
import { findEnv } from "@/modules/runs/use-env-info";
import { useDrawing } from "@/modules/replay/api";
import { Block, Empty, Failure } from "@/ui/States";

import { useMujoco, useNetwork, usePhysics } from "./api";
import { LiveBench } from "./LiveBench";
import { Session } from "./session";
import type { Mujoco } from "./sim/mujoco";
import classes from "./Live.module.css";

interface Props {
  model: Model;
  feature: number | undefined;
  onRun: (runId: string) => void;
}

/** The closed loop in this browser: drag α while the body moves, then let the server play the same. */
export default function LivePage(props: Props) {
  const { model } = props;
  const envs = useEnvs();
  const env = findEnv(envs.data, envs.data ? startEnv(model, envs.data) : null);
  return (
    <div className={classes.page}>
      <h2 className={classes.head}>Steer live{env && <span className={classes.env}>{env.id}</span>}</h2>
      {model.sae === null ? (
        <Empty title="Needs an SAE">Live steering pushes features. Load an SAE in the workbench first.</Empty>
      ) : envs.isSuccess && !env ? (
        <Empty title="No environment fits">Live steering needs one whose sizes are the policy&apos;s.</Empty>
      ) : env ? (
        <Loader {...props} env={env} />
      ) : (
        <Block height={520} label="Reading the environments" />
      )}
    </div>
  );
}

/** Fetches the parts: MuJoCo, the model file, the network, how to draw it. */
function Loader(props: Props & { env: EnvInfo }) {
  const { model, env } = props;
  const physics = usePhysics(env.id);
  const network = useNetwork(model, env.id);
  const drawing = useDrawing(env.id);
  const mujoco = useMujoco();
  const parts = [physics, network, drawing, mujoco];
  const failed = parts.find((part) => part.error);
  if (failed)
    return (
      <Failure
        error={failed.error}
        title="Live steering cannot start here"
        onRetry={() => void failed.refetch()}
      >
        <p>{messageOf(failed.error)} Use a run instead: the server plays every environment.</p>
      </Failure>
    );
  if (!physics.data || !network.data || !drawing.data || !mujoco.data)
    return <Block height={520} label="Loading the simulator, about 2 MB" />;
  return (
    <Opened
      {...props}
      mujoco={mujoco.data}
      physics={physics.data}
      network={network.data}
      drawing={drawing.data}
    />
  );
}

interface OpenedProps extends Props {
  env: EnvInfo;
  mujoco: Mujoco;
  physics: Physics;
  network: LiveNetwork;
  drawing: Drawing;
}

/** Holds the simulator's memory for as long as the page shows it. */
function Opened({ mujoco, physics, network, ...rest }: OpenedProps) {
  const [session, setSession] = useState<Session | Error | null>(null);
  useEffect(() => {
    let made: Session | undefined;
    // compiling the model takes a moment, so the page is painted first
    const timer = setTimeout(() => {
      try {
        made = new Session(mujoco, physics, network);
        setSession(made);
      } catch (error) {
        setSession(error instanceof Error ? error : new Error(String(error)));
      }
    });
    return () => {
      clearTimeout(timer);
      made?.dispose();
    };
  }, [mujoco, physics, network]);
  if (session === null) return <Block height={520} label="Building the bodies" />;
  if (session instanceof Error)
    return <Failure error={session} title="The simulator refused the model file" />;
  return <LiveBench key={session.id} {...rest} session={session} network={network} />;
}
