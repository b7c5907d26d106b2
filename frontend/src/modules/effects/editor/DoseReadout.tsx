import { fixed, num, percent, signed } from "@/lib/format";
import type { Dose } from "@/lib/types";
import { Facts } from "@/ui/Facts";

import classes from "./Editor.module.css";

const WARNING = 0.1;
const STRONG = 0.2;
const FULL = 0.3;

/** The dose of all edits together in every unit, with the two marks from which falls are likely. */
export function DoseReadout({ dose }: { dose: Dose }) {
  const displacement = dose.action_displacement;
  const share = Math.min(1, (displacement ?? 0) / FULL);
  return (
    <div className={classes.readout} data-level={dose.level}>
      <div
        className={classes.gauge}
        role="img"
        aria-label={`Action displacement ${num(displacement, 2)}; a warning from ${WARNING}, strong from ${STRONG}`}
      >
        <i style={{ width: `${100 * share}%` }} />
        <span style={{ left: `${(100 * WARNING) / FULL}%` }}>0.10</span>
        <span style={{ left: `${(100 * STRONG) / FULL}%` }}>0.20</span>
      </div>
      <p className={classes.message}>{dose.message}</p>
      <Facts
        columns={3}
        facts={[
          { label: "δₐ", value: num(displacement, 3), term: "displacement" },
          { label: "α", value: dose.alpha === null ? "–" : signed(dose.alpha, 3), term: "alpha" },
          { label: "feature SDs", value: num(dose.feature_sds, 2), term: "feature_sd" },
          {
            label: "of activation",
            value: percent(dose.activation_norm, 1),
            term: "activation_norm",
          },
          { label: "Mahalanobis", value: num(dose.mahalanobis, 2), term: "mahalanobis" },
          {
            label: "off-manifold",
            value: fixed(dose.off_manifold_percentile, 0),
            note: "percentile",
            term: "off_manifold",
          },
        ]}
      />
      {dose.acts !== null && dose.acts < 1 && (
        <p className={classes.quiet}>Acts in {percent(dose.acts, 0)} of the cached states.</p>
      )}
    </div>
  );
}
