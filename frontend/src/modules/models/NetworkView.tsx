import { useMemo } from "react";

import { Explain } from "@/ui/Explain";
import { Failure, Block } from "@/ui/States";
import { useSize } from "@/ui/use-size";
import type { Channel, Model } from "@/lib/types";

import { useSummary } from "./api";
import { layoutNetwork } from "./network-layout";
import { NetworkCanvas } from "./NetworkCanvas";
import { networkSentence } from "./sentence";
import { TapRail, tapText } from "./TapRail";
import classes from "./Network.module.css";

interface Props {
  model: Model;
  tap: number | null;
  onTap: (tap: number) => void;
  observations?: Channel[];
  actions?: Channel[];
}

const HEIGHT = 414;
const STRONGEST = 90;

const margin = (channels: Channel[] | undefined, wide: boolean) => (channels && wide ? 166 : 48);

/** The policy drawn layer by layer, with the tap marked and movable. */
export function NetworkView({ model, tap, onTap, observations, actions }: Props) {
  const { data: summary, error, isPending, refetch } = useSummary(model.id);
  const [ref, { width }] = useSize();

  const layout = useMemo(() => {
    if (!summary || width === 0) return null;
    const wide = width > 560;
    const sides = { left: margin(observations, wide), right: margin(actions, wide) };
    return layoutNetwork(summary, { width, height: HEIGHT, top: 48, bottom: 14, ...sides });
  }, [summary, width, observations, actions]);

  if (isPending) return <Block height={HEIGHT + 90} label="Reading the network" />;
  if (error)
    return <Failure error={error} onRetry={() => void refetch()} title="The network could not be read" />;

  const stop = layout?.stops.find((each) => each.tap === tap);
  return (
    <div ref={ref} className={classes.wrap}>
      {layout && (
        <>
          <NetworkCanvas
            summary={summary}
            layout={layout}
            tap={tap}
            strongest={STRONGEST}
            observations={observations}
            actions={actions}
          />
          {stop && <div className={classes.tapLine} style={{ left: stop.x, height: HEIGHT - 32 }} />}
          <TapRail layout={layout} tap={tap} saeTap={model.sae?.tap_index ?? null} onMove={onTap} />
        </>
      )}
      <div className={classes.foot}>
        <span>
          Tap: <strong>{stop ? tapText(stop) : "not set, drag the marker"}</strong>
          <Explain term="tap" />
        </span>
        <span className={classes.key}>
          <i style={{ background: "var(--neg)" }} /> negative weight
          <i style={{ background: "var(--pos)", marginLeft: 8 }} /> positive weight · {STRONGEST} strongest
          per layer
        </span>
      </div>
      <p className="muted small">{networkSentence(summary)}</p>
    </div>
  );
}
