import { lazy } from "react";

import type { Drawing } from "@/lib/types";

type Player = typeof import("./ReplayPlayer");

let opened: Player | undefined;

/** The player with its 3-D engine; asked for while a run still plays, it is there when the run ends. */
export async function openPlayer(): Promise<Player> {
  opened = await import("./ReplayPlayer");
  return opened;
}

/** All that can be done before there is anything to show. */
export async function getReady(drawing: Drawing) {
  await openPlayer();
  (await import("./rehearsal")).rehearse(drawing);
}

const WhenOpened = lazy(openPlayer);

/** The component. Even what has been loaded suspends a lazy one, and React keeps a placeholder up for 0.3 s. */
export const playerAtHand = () => opened?.default ?? WhenOpened;
