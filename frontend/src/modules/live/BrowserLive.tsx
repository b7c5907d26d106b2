import { Button } from "@mantine/core";
import { useEffect, useState } from "react";

import { messageOf } from "@/lib/errors";
import type { Drawing, EnvInfo, LiveNetwork, Model, Physics } from "@/lib/types";
import { useDrawing } from "@/modules/replay/api";
import { Block, Failure } from "@/ui/States";

import { useMujoco, useNetwork, usePhysics } from "./api";
import { BrowserSession } from "./browser-session";
import { LiveBench } from "./LiveBench";
import type { Mujoco } from "./sim/mujoco";

export interface LiveProps {
  model: Model;
  env: EnvInfo;
  feature: number | undefined;
  onRun: (runId: string) => void;
}

/** Fetches the parts: MuJoCo, the model file, the network, how to draw it. */
export function BrowserLive({ onServer, ...props }: LiveProps & { onServer: () => void }) {
  const { model, env } = props;
  const physics = usePhysics(env.id);
  const network = useNetwork(model, env.id);
  const drawing = useDrawing(env.id);
  const mujoco = useMujoco();
  const parts = [physics, network, drawing, mujoco];
  const failed = parts.find((part) => part.error);
  if (failed)
    return (
      <Failure error={failed.error} title="This browser cannot step it" onRetry={() => void failed.refetch()}>
        <p>{messageOf(failed.error)} The server can step it, and this page draws.</p>
        <Button size="xs" variant="default" onClick={onServer}>
          Let the server step
        </Button>
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

interface OpenedProps extends LiveProps {
  mujoco: Mujoco;
  physics: Physics;
  network: LiveNetwork;
  drawing: Drawing;
}

/** Holds the simulator's memory for as long as the page shows it. */
function Opened({ mujoco, physics, network, ...rest }: OpenedProps) {
  const [session, setSession] = useState<BrowserSession | Error | null>(null);
  const { id } = rest.model;
  useEffect(() => {
    let made: BrowserSession | undefined;
    // compiling the model takes a moment, so the page is painted first
    const timer = setTimeout(() => {
      try {
        made = new BrowserSession(mujoco, id, physics, network);
        setSession(made);
      } catch (error) {
        setSession(error instanceof Error ? error : new Error(String(error)));
      }
    });
    return () => {
      clearTimeout(timer);
      made?.dispose();
    };
  }, [mujoco, id, physics, network]);
  if (session === null) return <Block height={520} label="Building the bodies" />;
  if (session instanceof Error)
    return <Failure error={session} title="The simulator refused the model file" />;
  return <LiveBench key={session.id} {...rest} session={session} />;
}
