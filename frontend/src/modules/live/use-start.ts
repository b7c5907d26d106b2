import { useCallback, useEffect, useRef, useState } from "react";

import { isAbort } from "@/lib/errors";
import { useKept } from "@/lib/kept";

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

const BEGIN: { kind: Start["kind"]; seed: number; goOn: boolean } = { kind: "reset", seed: 0, goOn: false };

/** How long a fallen body stays in sight before the next start. */
const REST_MS = 1300;

/** Where the episode begins, asked from the server, which draws starts as a run does. */
export function useStart(session: Session, modelId: string): StartState {
  const { typed, change } = useKept(modelId, "live start", BEGIN);
  const kind = session.midGait ? typed.kind : "reset";
  const { seed, goOn } = typed;
  const first = useRef({ kind, seed });
  const [error, setError] = useState<unknown>(null);
  const asked = useRef(0);
  const keep = useRef(change);
  useEffect(() => {
    keep.current = change;
  });

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
      keep.current({ kind: nextKind, seed: nextSeed });
      ask(nextKind, nextSeed, play);
    },
    [ask, session],
  );

  useEffect(() => {
    const { start } = session.get();
    const wanted = first.current;
    if (start?.kind !== wanted.kind || start.seed !== wanted.seed) ask(wanted.kind, wanted.seed, false);
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

  const setGoOn = (next: boolean) => change({ goOn: next });
  return { kind, seed, goOn, error, setGoOn, load, retry: () => load(kind, seed) };
}
