import { count, fixed, num, plural } from "@/lib/format";
import type { ModelComparison } from "@/lib/types";
import { activationWord } from "@/modules/models/network-layout";
import { Bar } from "@/ui/Bar";
import { Saveable } from "@/ui/Saveable";
import table from "@/ui/Table.module.css";

import { actionSentence, featureSentence, weightSentence } from "./sentence";
import classes from "./Versus.module.css";

type Side = ModelComparison["models"][number];

const ROWS: { label: string; of: (side: Side) => string }[] = [
  { label: "Layers", of: ({ widths }) => widths.join(" → ") },
  { label: "Activation", of: ({ activation }) => activationWord(activation) },
  { label: "Parameters", of: ({ parameters }) => count(parameters) },
  {
    label: "Weights changed by edits",
    of: ({ edits, changed_weights }) =>
      edits ? `${count(changed_weights)}, ${plural(edits, "edit")}` : "none",
  },
  { label: "SAE", of: ({ sae }) => sae ?? "none" },
  { label: "Hash of the weights", of: ({ weights_sha256 }) => weights_sha256.slice(0, 12) },
];

/** A name, and the end of the id where the other model has the same name. */
const heading = (side: Side, other: Side) =>
  side.name === other.name && side.id !== other.id ? `${side.name} (${side.id.slice(-4)})` : side.name;

/** What two models are made of and how far they act apart, without playing. */
export function StaticSide({ comparison }: { comparison: ModelComparison }) {
  const [first, second] = comparison.models;
  if (!first || !second) return null;
  return (
    <div className={classes.static}>
      <figure className={classes.figure}>
        <Saveable title="Two models side by side" as="table">
          <div className={table.scroll}>
            <table className={table.plain}>
              <caption className="visually-hidden">Two models side by side</caption>
              <thead>
                <tr>
                  <th scope="col">Made of</th>
                  <th scope="col">{heading(first, second)}, as uploaded</th>
                  <th scope="col">{second.id === first.id ? "with its edits" : heading(second, first)}</th>
                </tr>
              </thead>
              <tbody>
                {ROWS.map(({ label, of }) => (
                  <tr key={label}>
                    <th scope="row">{label}</th>
                    <td>{of(first)}</td>
                    <td>{of(second)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Saveable>
        <figcaption>{weightSentence(comparison)}</figcaption>
      </figure>
      <Gaps comparison={comparison} />
      <p className={classes.features}>{featureSentence(comparison)}</p>
    </div>
  );
}

function Gaps({ comparison }: { comparison: ModelComparison }) {
  const gaps = comparison.actions?.gaps ?? [];
  const scale = Math.max(1e-12, ...gaps.map(({ rms_sd }) => rms_sd ?? 0));
  return (
    <figure className={classes.figure}>
      {gaps.length > 0 && (
        <Saveable title="Actions of two models on the same states" as="table">
          <div className={table.scroll}>
            <table className={table.plain}>
              <caption className="visually-hidden">Difference of each action on the same states</caption>
              <thead>
                <tr>
                  <th scope="col">Action</th>
                  <th scope="col">RMS difference, SD</th>
                  <th scope="col">in its units</th>
                  <th scope="col">on average</th>
                </tr>
              </thead>
              <tbody>
                {gaps.map(({ name, rms, rms_sd, mean }) => (
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    <td>
                      <span className={classes.bar}>
                        {fixed(rms_sd, 3)} <Bar value={rms_sd} scale={scale} signed={false} />
                      </span>
                    </td>
                    <td>{num(rms, 3)}</td>
                    <td>{num(mean, 3)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Saveable>
      )}
      <figcaption>{actionSentence(comparison)}</figcaption>
    </figure>
  );
}
