import { fixed, num, percent, plural } from "@/lib/format";
import type { Report } from "@/lib/types";
import { Explain } from "@/ui/Explain";
import partClasses from "@/ui/Part.module.css";
import table from "@/ui/Table.module.css";
import { Saveable } from "@/ui/Saveable";

import classes from "./Report.module.css";

type Found = NonNullable<Report["stability"]>;

/** Whether other SAEs of this tap found the same features, beside dictionaries that hold none. */
export function Stability({ stability }: { stability: Found | null }) {
  return (
    <section className={partClasses.part} aria-labelledby="stability-title">
      <h3 id="stability-title">
        Same features in other SAEs?
        <Explain term="stability" />
      </h3>
      {stability ? (
        <Scores stability={stability} />
      ) : (
        <p className="muted small">
          Not known: no other SAE for this tap was attached when this was measured. With one that was trained
          with another seed, measure again.
        </p>
      )}
    </section>
  );
}

function Scores({ stability }: { stability: Found }) {
  return (
    <>
      <p>
        <b>{percent(stability.stable_share, 0)}</b> of the alive features have a partner in{" "}
        {plural(stability.saes, "other SAE")}; matched decoder cosine <b>{fixed(stability.pw_mcc, 2)}</b>,
        matched activations <b>{fixed(stability.activation_mcc, 2)}</b>.
      </p>
      <Saveable title="Stability of the SAE" as="table">
        <table className={`${table.plain} ${classes.small}`}>
          <thead>
            <tr>
              <th scope="col">Dictionaries without features</th>
              <th scope="col">PW-MCC</th>
              <th scope="col">MMCS</th>
              <th scope="col">Ours, beyond that</th>
            </tr>
          </thead>
          <tbody>
            {stability.nulls.map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                <td>{fixed(row.pw_mcc, 2)}</td>
                <td>{fixed(row.mmcs, 2)}</td>
                <td>{num(row.corrected_pw_mcc, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Saveable>
    </>
  );
}
