import { Button } from "@mantine/core";
import { useMemo, useState, useSyncExternalStore, type KeyboardEvent } from "react";

import { fixed } from "@/lib/format";
import type { Legend } from "@/lib/picture";
import type { Drawing, EnvInfo, Model } from "@/lib/types";
import { paletteOf } from "@/modules/replay/palette";
import type { Palette } from "@/modules/replay/stage";
import { useScheme } from "@/modules/replay/use-scheme";
import { ArmName } from "@/ui/ArmName";
import { Icon } from "@/ui/Icon";
import { Panel } from "@/ui/Panel";
import { Saveable } from "@/ui/Saveable";
import { Failure } from "@/ui/States";

import { BrowserSession } from "./browser-session";
import { LiveCharts } from "./LiveCharts";
import { LiveFeatures } from "./LiveFeatures";
import { LiveSketch } from "./LiveSketch";
import { LiveStage, type Drag } from "./LiveStage";
import { SaveRun } from "./SaveRun";
import { meanText, returnText } from "./sentence";
import { ServerSession } from "./server-session";
import { ARMS, type ArmState, type Session, type Shown } from "./session";
import { StartControls } from "./StartControls";
import { SweepPanel } from "./SweepPanel";
import { useEdits } from "./use-edits";
import { useStart } from "./use-start";
import classes from "./Live.module.css";

interface Props {
  model: Model;
  env: EnvInfo;
  feature: number | undefined;
  session: Session;
  drawing: Drawing;
  onRun: (runId: string) => void;
}

const HERE = "Computed here: a preview, not a result.";
const lagOf = ({ lag }: ServerSession) =>
  `Server-stepped: α is felt within ${lag < 0.15 ? "a tenth of a second" : `${fixed(lag, 1)}\u00a0s`}.`;

const SIGNED = ARMS.map(({ name, sign }) => ({
  name,
  edits: sign === 0 ? [] : [{ feature_idx: 0, op: "add" as const, value: sign }],
}));

export function LiveBench({ model, env, feature, session, drawing, onRun }: Props) {
  const shown = useSyncExternalStore(session.subscribe, session.get);
  const scheme = useScheme();
  const palette = useMemo(
    () =>
      paletteOf(
        scheme,
        SIGNED,
        ARMS.map(({ name }) => name),
      ),
    [scheme],
  );
  const [drag, setDrag] = useState<Drag>("turn");
  const start = useStart(session, model.id);
  const here = session instanceof BrowserSession;
  const edits = useEdits(model, session, feature);

  /** After all have fallen or ended: once more from the same start, with α as it stands. */
  const turn = () => {
    if (shown.over) start.load(start.kind, start.seed, true);
    else if (shown.playing) session.pause();
    else session.play();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== " " || !(event.target instanceof HTMLElement)) return;
    if (event.target.closest("input, button, [role=slider], [role=combobox], summary")) return;
    event.preventDefault();
    turn();
  };

  return (
    <div className={classes.bench} onKeyDown={onKey} role="group" aria-label="Live steering">
      <aside className={classes.side}>
        <StartControls start={start} shown={shown} session={session} drag={drag} onDrag={setDrag} />
        {start.error !== null && <Failure error={start.error} title="No such start" onRetry={start.retry} />}
        {shown.error !== null && <Failure error={shown.error} title="It stopped" onRetry={start.retry} />}
        <LiveFeatures model={model} env={env} edits={edits} cycle={session.cycle} />
      </aside>
      <div className={classes.main}>
        <Panel
          id="live"
          title={drawing.kind === "bodies" ? "Three bodies, one start" : "Three arms, one start"}
          lead={`The opposite of your edits, no edits, and your edits. ${session instanceof ServerSession ? lagOf(session) : HERE}`}
          aside={<PlayButton shown={shown} onTurn={turn} />}
        >
          <Saveable
            title={`${model.name} steered live`}
            as={drawing.kind === "bodies" ? "picture" : "sketch"}
            legend={() => legendOf(env, session, palette)}
          >
            <div className={classes.screen}>
              <div className={classes.labels}>
                {shown.arms.map((arm, index) => (
                  <ArmLabel key={arm.name} arm={arm} falls={env.falls} color={palette.arms[index] ?? ""} />
                ))}
              </div>
              {drawing.kind === "bodies" ? (
                <LiveStage
                  session={session}
                  drawing={drawing}
                  palette={palette}
                  drag={drag}
                  force={shown.force}
                />
              ) : (
                <LiveSketch kind={drawing.kind} session={session} palette={palette} />
              )}
            </div>
          </Saveable>
          <LiveCharts session={session} palette={palette} features={edits.features} />
        </Panel>
        <div className={classes.pair}>
          <SaveRun model={model} env={env} session={session} shown={shown} onRun={onRun} />
          {here && <SweepPanel model={model} env={env} session={session} edits={edits.live} />}
        </div>
      </div>
    </div>
  );
}

function PlayButton({ shown, onTurn }: { shown: Shown; onTurn: () => void }) {
  const [word, icon] = shown.over
    ? (["Once more", "loop"] as const)
    : shown.playing
      ? (["Pause", "pause"] as const)
      : (["Start", "play"] as const);
  return (
    <Button
      size="xs"
      leftSection={<Icon name={icon} size={14} />}
      disabled={!shown.start || shown.error !== null}
      onClick={onTurn}
    >
      {word}
    </Button>
  );
}

/** Around a saved picture; that it is a preview stands on the picture too. */
function legendOf(env: EnvInfo, session: Session, palette: Palette): Legend {
  return {
    heads: session.get().arms.map((arm, index) => ({
      text: arm.name,
      color: palette.inks[index] ?? palette.calm,
      note: `return ${returnText(arm.total)}, step ${String(arm.steps)}${arm.over ? (arm.fell ? ", fell" : ", ended") : ""}`,
    })),
    caption: `${env.id}, steered live: a preview, not a result`,
  };
}

function ArmLabel({ arm, falls, color }: { arm: ArmState; falls: boolean; color: string }) {
  const mean = arm.episodes > 0 ? `, mean return ${meanText(arm.returns / arm.episodes)}` : "";
  return (
    <div data-arm={arm.name}>
      <ArmName color={color}>{arm.name}</ArmName>
      <span className={classes.number}>
        return {returnText(arm.total)}, step {arm.steps}
      </span>
      <small>
        {arm.over ? `${arm.fell ? "fell" : "ended"} at step ${arm.steps}` : falls ? "up" : "going on"}
        {arm.episodes > 0 && `${falls ? `; fell in ${arm.falls} of ${arm.episodes}` : ""}${mean}`}
      </small>
    </div>
  );
}
