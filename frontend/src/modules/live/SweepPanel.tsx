import { Button } from "@mantine/core";

import { fixed, plural } from "@/lib/format";
import type { EnvInfo, Model } from "@/lib/types";
import { Panel } from "@/ui/Panel";
import { Failure } from "@/ui/States";

import type { BrowserSession } from "./browser-session";
import type { LiveEdit } from "./sim/edits";
import { sweepSentence } from "./sentence";
import { SweepChart } from "./SweepChart";
import { SWEEP_STARTS, useSweep } from "./use-sweep";
import classes from "./Live.module.css";

interface Props {
  model: Model;
  env: EnvInfo;
  session: BrowserSession;
  edits: LiveEdit[];
}

/** α from its opposite to its double, on a few starts, in a worker: where to look, before the server measures. */
export function SweepPanel({ model, env, session, edits }: Props) {
  const { state, run, horizon } = useSweep(model.id, env.id, session);
  const pushed = edits.filter((edit) => edit.alpha !== 0);
  return (
    <Panel
      id="live-sweep"
      title="Preview of the dose-response"
      lead={`${plural(SWEEP_STARTS, "start")}, at most ${plural(horizon, "step")} each, played in this browser.`}
    >
      <div className={classes.stack}>
        <div className={classes.row}>
          <Button
            size="xs"
            variant="default"
            disabled={pushed.length === 0 || state.running}
            loading={state.running}
            onClick={() => run(pushed)}
          >
            Preview
          </Button>
          <span className={classes.hint}>
            {pushed.length === 0
              ? "Move α first: the sweep goes from its opposite through 0 to it."
              : state.text}
          </span>
        </div>
        {state.error !== null && <Failure error={state.error} title="The preview failed" />}
        {state.points.length > 0 && (
          <>
            <SweepChart points={state.points} alpha={state.alpha} starts={SWEEP_STARTS} />
            <p className={classes.hint}>
              {sweepSentence(state.points, state.alpha ?? 1, SWEEP_STARTS)} Preview, not a result
              {state.alpha === null ? "" : `, α up to ±${fixed(Math.abs(state.alpha), 2)}`}. A dose-response
              run measures it.
            </p>
          </>
        )}
      </div>
    </Panel>
  );
}
