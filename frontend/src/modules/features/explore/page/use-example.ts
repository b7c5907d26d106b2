import { useMemo, useState } from "react";

import { num, plural } from "@/lib/format";
import type { Clip, Dashboard } from "@/lib/types";
import { Player } from "@/modules/replay/player";

export interface Group {
  title: string | null;
  clips: Clip[];
}

export const KINDS = [
  { value: "top", label: "Top" },
  { value: "quantiles", label: "By strength" },
  { value: "active", label: "Random active" },
  { value: "inactive", label: "Random silent" },
];

const SLOW = 0.5; // half a second to each side is over before one has looked
const WITHOUT_TIME = 1 / 30;

/** Which moments are on show; the strongest are never the only ones that can be looked at. */
function groupsOf(data: Dashboard, kind: string): Group[] {
  if (kind === "quantiles")
    return data.quantiles
      .filter(({ clips }) => clips.length > 0)
      .map(({ low, high, count, clips }) => ({
        title: `${num(low, 3)} to ${num(high, 3)}: ${plural(count, "state")}`,
        clips,
      }));
  const clips = kind === "top" ? data.top : kind === "active" ? data.random_active : data.random_inactive;
  return [{ title: null, clips }];
}

/** The example on show and its clock, which the clip, the traces and the histogram share. */
export function useExample(data: Dashboard) {
  const [kind, setKind] = useState("top");
  const [row, setRow] = useState<number | null>(null);
  const groups = useMemo(() => groupsOf(data, kind), [data, kind]);
  const clips = groups.flatMap((group) => group.clips);
  const chosen = clips.find((clip) => clip.row === row) ?? clips[0];
  const player = useMemo(() => {
    const made = new Player(chosen?.latent.length ?? 1, data.dt ?? WITHOUT_TIME, SLOW);
    if (chosen) made.seek(chosen.row - chosen.start);
    return made;
  }, [chosen, data.dt]);
  const show = (next: string) => {
    setKind(next);
    setRow(null);
  };
  return { kind, show, groups, chosen, choose: setRow, player };
}

export type Example = ReturnType<typeof useExample>;
