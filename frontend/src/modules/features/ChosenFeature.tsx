import { alphaText, num, percent, signed } from "@/lib/format";
import type { FeatureRow } from "@/lib/types";
import { Explain } from "@/ui/Explain";
import { Facts } from "@/ui/Facts";

import { strengthSentence } from "./meaning";
import classes from "./Features.module.css";

interface Props {
  feature: number;
  alpha: number;
  tap: number;
  row: FeatureRow | undefined;
  targetName: string | undefined;
}

/** What is known about the chosen feature, and what the dose on the slider means, before anything is run. */
export function ChosenFeature({ feature, alpha, tap, row, targetName }: Props) {
  return (
    <>
      {row && (
        <Facts
          columns={3}
          facts={[
            { label: "active in", value: percent(row.density, 1), note: "of states", term: "density" },
            { label: "mean when active", value: num(row.mean_active, 2) },
            { label: "length of w", value: num(row.decoder_norm, 2), term: "direction" },
          ]}
        />
      )}
      {alpha === 0 ? (
        <p className={classes.meaning}>α = 0 adds nothing: the run will give exactly the baseline numbers.</p>
      ) : (
        <p className={classes.meaning}>
          Adds{" "}
          <b className={alpha > 0 ? classes.pos : classes.neg}>
            {num(alpha, 3)} · w<sub>{feature}</sub>
          </b>{" "}
          to the activation after net[{tap}]
          {row?.decoder_norm ? <>, a push of length {num(Math.abs(alpha) * row.decoder_norm, 3)}</> : null}.{" "}
          {row && strengthSentence(alpha, row)}
        </p>
      )}
      {row && alpha !== 0 && row.local_gain !== null && (
        <p className={classes.meaning}>
          To first order, {alphaText(alpha)} changes {targetName ?? "the target action"} by{" "}
          <span className={classes.together}>
            <b>{signed(alpha * row.local_gain, 3)}</b>
            <Explain term="local_gain" />
          </span>
        </p>
      )}
    </>
  );
}
