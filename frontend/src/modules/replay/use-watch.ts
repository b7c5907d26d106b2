import { useCallback, useEffect, useRef } from "react";

import { useView } from "@/lib/view";
import type { WatchView } from "@/lib/watch-view";

import type { Player } from "./player";

export interface Watch {
  watch: WatchView;
  setWatch: (patch: WatchView) => void;
}

/** What the address says of the replay of this run. */
export function useWatch(runId: string): Watch {
  const { view, setView } = useView();
  const watch = view.watch?.run === runId ? view.watch : {};
  const latest = useRef(watch);
  useEffect(() => {
    latest.current = watch;
  });
  const setWatch = useCallback(
    (patch: WatchView) => {
      latest.current = { ...latest.current, ...patch, run: runId };
      setView({ watch: latest.current });
    },
    [setView, runId],
  );
  return { watch, setWatch };
}

const SETTLED_MS = 400;

/** The frame, the speed and the loop go into the address once they have settled. */
export function useFrameInAddress(player: Player, { watch, setWatch }: Watch) {
  const known = useRef(watch);
  useEffect(() => {
    known.current = watch;
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const write = () => {
      const { step, playing, speed, loop } = player.get();
      const now: WatchView = {
        step: playing || (step === 0 && known.current.step === undefined) ? undefined : step,
        speed: speed === 1 ? undefined : speed,
        once: loop ? undefined : true,
      };
      const { step: at, speed: pace, once } = known.current;
      if (now.step !== at || now.speed !== pace || now.once !== once) setWatch(now);
    };
    const stop = player.subscribePage(() => {
      clearTimeout(timer);
      timer = setTimeout(write, SETTLED_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [player, setWatch]);
}
