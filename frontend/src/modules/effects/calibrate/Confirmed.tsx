import { effectDecimals, interval, num, percent, signed } from "@/lib/format";
import { pair, type Calibration, type Effect } from "@/lib/types";
import { Explain } from "@/ui/Explain";
import { extentOf, IntervalMark } from "@/ui/IntervalMark";
import partClasses from "@/ui/Part.module.css";
import table from "@/ui/Table.module.css";
import { Saveable } from "@/ui/Saveable";

import classes from "../Effects.module.css";

/** The chosen dose on fresh seeds among other directions of the same displacement. */
export function Confirmed({ found }: { found: Calibration }) {
  const { confirmation, controls, random } = found;
  if (!confirmation) return <p className="muted small">Nothing to confirm: no safe dose was found.</p>;
  const rows: { name: string; effect: Effect; color: string; own: boolean }[] = [
    {
      name: found.edits.length > 1 ? "these features" : "this feature",
      effect: confirmation,
      color: colorOf(confirmation),
      own: true,
    },
    ...controls.map((effect) => ({ name: effect.name, effect, color: "var(--ink-3)", own: false })),
  ];
  const band = random && pair([random.low, random.high]);
  const entries = rows.map(({ effect }) => ({ value: effect.mean_difference, ci: pair(effect.ci) }));
  const extent = extentOf([...entries, { value: 0, ci: band }]);
  const decimals = effectDecimals(entries.map(({ value }) => value ?? 0));
  return (
    <section className={partClasses.part} aria-label="Confirmation">
      <h3>
        On {found.confirmation_seeds.length} fresh seeds, beside other directions of the same displacement
      </h3>
      <Saveable title="Confirmation on fresh seeds" as="table">
        <div className={table.scroll}>
          <table className={`${table.plain} ${classes.table}`}>
            <thead>
              <tr>
                <th scope="col">Direction</th>
                <th scope="col">
                  Change, {found.measure.unit} <small>95&nbsp;% interval</small>
                </th>
                <th scope="col">Falls</th>
                <th scope="col">
                  p
                  <Explain term="p_value" />
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, effect, color, own }) => (
                <tr key={name} data-chosen={own}>
                  <th scope="row">{name}</th>
                  <td>
                    <span className={table.mark}>
                      {effect.mean_difference !== null && (
                        <IntervalMark
                          value={effect.mean_difference}
                          ci={pair(effect.ci)}
                          color={color}
                          extent={extent}
                        />
                      )}
                      <span>
                        <b>{signed(effect.mean_difference, decimals)}</b>{" "}
                        <small>{interval(pair(effect.ci), decimals, true)}</small>
                      </span>
                    </span>
                  </td>
                  <td>{percent(effect.fall_rate, 0)}</td>
                  <td>{num(effect.p_value, 2)}</td>
                </tr>
              ))}
              {band && (
                <tr>
                  <th scope="row">{random.directions} random directions</th>
                  <td>
                    <span className={table.mark}>
                      <IntervalMark
                        value={(band[0] + band[1]) / 2}
                        ci={band}
                        color="var(--base)"
                        extent={extent}
                      />
                      <small>5–95&nbsp;% {interval(band, decimals, true)}</small>
                    </span>
                  </td>
                  <td>{percent(random.fall_rate, 0)}</td>
                  <td />
                </tr>
              )}
            </tbody>
          </table>
        </div>
      </Saveable>
      <p className="muted small">
        {confirmation.outside_random
          ? "Outside the band of random directions: more than any push of this size would do."
          : "Inside the band of random directions: not more than a push of this size does anyway."}
      </p>
    </section>
  );
}

const colorOf = ({ dose }: Effect) => ((dose ?? 0) < 0 ? "var(--neg)" : "var(--pos)");
