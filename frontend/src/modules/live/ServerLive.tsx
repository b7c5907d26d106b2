import { useEffect, useState } from "react";

import { isAbort } from "@/lib/errors";
import { useDrawing } from "@/modules/replay/api";
import { Block, Failure } from "@/ui/States";

import type { LiveProps } from "./BrowserLive";
import { LiveBench } from "./LiveBench";
import { ServerSession } from "./server-session";

/** The server steps, this page draws: for environments that have no body for the browser's simulator. */
export function ServerLive(props: LiveProps) {
  const { model, env } = props;
  const drawing = useDrawing(env.id);
  const [session, setSession] = useState<ServerSession | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [tries, setTries] = useState(0);
  const bodies = drawing.data?.kind === "bodies";
  // another SAE, activation or weight edit is another network
  const network = [model.sae?.id, model.sae?.tap_index, model.activation, model.n_edits].join();

  useEffect(() => {
    if (!drawing.data) return undefined;
    const made = new ServerSession(model.id, env, bodies);
    made.prepare("reset", 0).then(
      (start) => {
        made.begin(start);
        setError(null);
        setSession(made);
      },
      (failure: unknown) => !isAbort(failure) && setError(failure),
    );
    return () => made.dispose();
  }, [model.id, env, bodies, drawing.data, network, tries]);

  const failed = drawing.error ?? error;
  if (failed)
    return (
      <Failure
        error={failed}
        title="Live steering cannot start here"
        onRetry={() => {
          setError(null);
          void drawing.refetch();
          setTries(tries + 1);
        }}
      />
    );
  if (!session || !drawing.data) return <Block height={520} label="The server makes the environment" />;
  return <LiveBench key={session.id} {...props} session={session} drawing={drawing.data} />;
}
