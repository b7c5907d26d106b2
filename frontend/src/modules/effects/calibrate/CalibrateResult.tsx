import { Button } from "@mantine/core";

import { alphaText, effectDecimals, interval, num, percent, signed } from "@/lib/format";
import { pair, type Calibration, type Model } from "@/lib/types";
import { Facts } from "@/ui/Facts";
import { Failure, Notice } from "@/ui/States";
import { Verdict } from "@/ui/Verdict";

import { useStoreEdits } from "../api";
import { Confirmed } from "./Confirmed";
import { SafeRange } from "./SafeRange";
import classes from "../Effects.module.css";

interface Props {
  model: Model;
  found: Calibration;
  onStored: () => void;
}

/** The dose that was found, or the best safe one and why the goal is out of reach. */
export function CalibrateResult({ model, found, onStored }: Props) {
  const reached = found.status === "reached";
  const { measure } = found;
  const decimals = effectDecimals([found.target_change ?? 0]);
  return (
    <div className={classes.even}>
      <div className={classes.side}>
        <div className={classes.row}>
          <Verdict level={reached ? "good" : "caution"}>
            {reached ? "reached" : "unreachable within what is safe"}
          </Verdict>
          <UseAlpha model={model} found={found} onStored={onStored} />
        </div>
        {!reached && (
          <Notice>
            {found.dose === null
              ? "No safe dose of either sign moves the measure that way."
              : `The best safe dose is shown instead: α ${num(found.alpha, 3)}, δₐ ${signed(found.dose, 3)}.`}
          </Notice>
        )}
        <Facts
          columns={3}
          facts={[
            {
              label: `${measure.title.toLowerCase()} now`,
              value: `${num(found.baseline, 3)}\u00a0${measure.unit}`,
            },
            { label: "wanted", value: `${signed(found.target_change, decimals)}\u00a0${measure.unit}` },
            {
              label: "found, fresh seeds",
              value: found.confirmation
                ? `${signed(found.confirmation.mean_difference, decimals)}\u00a0${measure.unit}`
                : "–",
              note: found.confirmation ? interval(pair(found.confirmation.ci), decimals, true) : undefined,
            },
          ]}
        />
        {found.edits.length > 1 && (
          <p className="muted small">
            α of each:{" "}
            {found.edits.map(({ feature_idx, value }) => `${feature_idx}: ${signed(value, 3)}`).join(", ")}
          </p>
        )}
        <SafeRange found={found} />
      </div>
      <Confirmed found={found} />
    </div>
  );
}

function UseAlpha({ model, found, onStored }: Props) {
  const store = useStoreEdits(model.id);
  if (found.edits.length === 0 || found.alpha === null) return null;
  const stored =
    JSON.stringify(model.intervention?.edits.map(({ feature_idx, value }) => [feature_idx, value])) ===
    JSON.stringify(found.edits.map(({ feature_idx, value }) => [feature_idx, value]));
  const edits = found.edits.map(({ feature_idx, op, value }) => ({ feature_idx, op, value }));
  return (
    <>
      <Button
        size="xs"
        variant={stored ? "default" : "filled"}
        disabled={stored}
        loading={store.isPending}
        onClick={() => store.mutate(edits, { onSuccess: onStored })}
      >
        {stored
          ? "Stored for the next run"
          : found.edits.length > 1
            ? `Use these ${found.edits.length} features`
            : `Use ${alphaText(found.alpha)}`}
      </Button>
      {store.error && <Failure error={store.error} />}
    </>
  );
}

export function fallText(rate: number | null): string {
  return rate === 0 ? "no falls" : `${percent(rate, 0)} fall`;
}
