import { count, figures, num, percent } from "@/lib/format";
import type { Term } from "@/lib/glossary";
import type { SaeComparison } from "@/lib/types";
import { Explain } from "@/ui/Explain";
import { Saveable } from "@/ui/Saveable";
import table from "@/ui/Table.module.css";

import classes from "./Compare.module.css";

type Side = SaeComparison["saes"][number];

const ROWS: { label: string; term?: Term; of: (sae: Side) => string }[] = [
  { label: "Tap", term: "tap", of: (sae) => String(sae.tap_index) },
  { label: "Features", term: "d_latent", of: (sae) => count(sae.d_latent) },
  { label: "Variance unexplained", term: "fvu", of: (sae) => figures(sae.fvu) },
  { label: "of the action", term: "action_fvu", of: (sae) => figures(sae.action_fvu) },
  { label: "of the feedback", term: "feedback_fvu", of: (sae) => figures(sae.feedback_fvu) },
  { label: "Active on average", term: "l0", of: (sae) => num(sae.l0, 3) },
  { label: "Silent", term: "dead", of: (sae) => count(sae.dead) },
  {
    label: "Return recovered",
    term: "return_recovered",
    of: (sae) => (sae.return_recovered === null ? "not measured" : percent(sae.return_recovered, 1)),
  },
];

/** The same measures on the same states. */
export function SideBySide({ comparison }: { comparison: SaeComparison }) {
  const [first, second] = comparison.saes;
  if (!first || !second) return null;
  return (
    <Saveable title="Two SAEs side by side" as="table">
      <div className={table.scroll}>
        <table className={`${table.plain} ${classes.side}`}>
          <caption className="visually-hidden">Two SAEs side by side</caption>
          <thead>
            <tr>
              <th scope="col">On {count(comparison.states)} cached states, seen in training too</th>
              <th scope="col">{first.artifacts_dir}</th>
              <th scope="col">{second.artifacts_dir}</th>
            </tr>
          </thead>
          <tbody>
            {ROWS.map(({ label, term, of }) => (
              <tr key={label}>
                <th scope="row">
                  {label} {term && <Explain term={term} />}
                </th>
                <td>{of(first)}</td>
                <td>{of(second)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Saveable>
  );
}
