import { useEffect, useRef, type KeyboardEvent } from "react";

import type { Player } from "./player";

const KEYS: Partial<Record<string, (player: Player) => void>> = {
  " ": (player) => player.toggle(),
  ",": (player) => player.nudge(-1),
  ".": (player) => player.nudge(1),
  "[": (player) => player.nudge(-25),
  "]": (player) => player.nudge(25),
};

/** Plays while it is on screen, unless motion is unwelcome or it is to stand at a step; the keys work anywhere within
 * the player. */
export function usePlayback(player: Player, standing?: number) {
  const first = useRef(standing);
  useEffect(() => {
    if (first.current !== undefined) player.seek(first.current);
    else if (!window.matchMedia("(prefers-reduced-motion: reduce)").matches) player.play();
    return () => player.pause();
  }, [player]);
  return (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return;
    const act = KEYS[event.key];
    if (!act || (event.key === " " && event.target instanceof HTMLButtonElement)) return;
    event.preventDefault();
    act(player);
  };
}
