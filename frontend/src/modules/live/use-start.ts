import { useCallback, useEffect, useRef, useState } from "react";

import { isAbort } from "@/lib/errors";

import type { Session, Start } from "./session";

export interface StartState {
  kind: Start["kind"];
  seed: number;
  goOn: boolean;
  error: unknown;
  setGoOn: (goOn: boolean) => void;
  load: (kind: Start["kind"], seed: number, play?: boolean) => void;
  retry: () => void;
}

/** How long a fallen body stays in sight before the next start. */
const REST_MS = 1300;

/** Where the episode begins, asked from the server, which draws starts as a run does. */
export function useStart(session: Session): StartState {
  const [kind, setKind] = useState<Start["kind"]>("reset");
  const [seed, setSeed] = useState(0);
  const [goOn, setGoOn] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const asked = useRef(0);

  const ask = useCallback(
    (nextKind: Start["kind"], nextSeed: number, play: boolean) => {
      const turn = ++asked.current;
      session.pause();
      session.prepare(nextKind, nextSeed).then(
        (start) => {
          if (turn !== asked.current) return;
          setError(null);
          session.begin(start);
          if (play) session.play();
        },
        (failure: unknown) => turn === asked.current && !isAbort(failure) && setError(failure),
      );
    },
    [session],
  );
  const load = useCallback(
    (nextKind: Start["kind"], nextSeed: number, play = session.get().playing) => {
      setKind(nextKind);
      setSeed(nextSeed);
      ask(nextKind, nextSeed, play);
    },
    [ask, session],
  );

  useEffect(() => {
    if (!session.get().start) ask("reset", 0, false);
    const turns = asked;
    return () => void (turns.current += 1);
  }, [ask, session]);

  useEffect(() => {
    if (!goOn) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = session.subscribe(() => {
      const { over, start } = session.get();
      if (!over || timer !== undefined || !start) return;
      timer = setTimeout(() => {
        timer = undefined;
        load(start.kind, start.seed + 1, true);
      }, REST_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [goOn, session, load]);

  return { kind, seed, goOn, error, setGoOn, load, retry: () => load(kind, seed) };
}
