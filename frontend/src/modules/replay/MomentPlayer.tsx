import { useMemo } from "react";

import type { Drawing } from "@/lib/types";
import { Saveable } from "@/ui/Saveable";

import { BodiesView } from "./BodiesView";
import type { Moment } from "./decode";
import { momentPalette } from "./palette";
import type { Player } from "./player";
import { SketchView } from "./SketchView";
import { moves, type StageOptions } from "./stage";
import { TimeBar } from "./TimeBar";
import { usePlayback } from "./use-playback";
import { useScheme } from "./use-scheme";
import classes from "./Replay.module.css";

interface Props {
  drawing: Drawing;
  moment: Moment;
  player: Player;
  /** Step of the clip that the moment is. */
  at: number;
  /** The feature's largest activation: there the body has its full colour. */
  peak: number;
}

/** A moment of the cached episodes in motion; the body is coloured by how strongly the feature fires. */
export default function MomentPlayer({ drawing, moment, player, at, peak }: Props) {
  const scheme = useScheme();
  const palette = useMemo(() => momentPalette(scheme), [scheme]);
  const onKey = usePlayback(player);
  const options = useMemo<StageOptions>(
    () => ({ layout: "panes", follow: moves(drawing), trails: false, paint: "feature", peak }),
    [drawing, peak],
  );
  const label = `Episode ${String(moment.episode)} around step ${String(moment.step)}`;
  const shared = { arms: moment.arms, palette, player, label };
  return (
    <div className={classes.moment} onKeyDown={onKey} role="group" aria-label={`Clip: ${label}`}>
      <Saveable title={label} as={drawing.kind === "bodies" ? "picture" : "sketch"}>
        <div className={classes.screen}>
          {drawing.kind === "bodies" ? (
            <BodiesView {...shared} scene={drawing} options={options} />
          ) : (
            <SketchView {...shared} kind={drawing.kind} />
          )}
        </div>
      </Saveable>
      <TimeBar player={player} dt={drawing.dt} around={at} />
    </div>
  );
}
