import { useEffect, useMemo } from "react";

import { Player } from "@/modules/replay/player";
import { SketchView } from "@/modules/replay/SketchView";
import type { Palette } from "@/modules/replay/stage";

import type { Session } from "./session";

interface Props {
  kind: string;
  session: Session;
  palette: Palette;
}

/** Environments without a body, drawn by the replay's own sketches. The player only holds the step on show. */
export function LiveSketch({ kind, session, palette }: Props) {
  const player = useMemo(() => new Player(session.limit + 1, session.dt), [session]);
  useEffect(() => {
    const follow = () => {
      const longest = Math.max(...session.actors.map((actor) => actor.length));
      player.seek(session.over ? longest : longest - 1);
    };
    follow();
    const stop = session.onFrame(follow);
    return () => void stop();
  }, [session, player]);
  return (
    <SketchView
      kind={kind}
      arms={session.actors}
      palette={palette}
      player={player}
      label="The three arms: opposite, baseline, steered"
    />
  );
}
