import { useState } from "react";

import { interval, num, plural, signed } from "@/lib/format";
import { pair, type Dashboard } from "@/lib/types";
import { Explain } from "@/ui/Explain";
import { Saveable } from "@/ui/Saveable";

import { originOf } from "../columns";
import classes from "./Page.module.css";

type Found = Dashboard["closed_loop"][number];

const FEW = 5;

/** What was measured of the feature alone, newest first. */
export function ClosedLoop({ found }: { found: Found[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? found : found.slice(0, FEW);
  return (
    <section className={classes.part}>
      <h4>
        In the closed loop <Explain term="closed_loop" />
      </h4>
      {found.length === 0 ? (
        <p className={classes.quiet}>
          Not run yet. Steer the feature and run the model, or measure its dose-response: what its return does
          appears here.
        </p>
      ) : (
        <Saveable title="In the closed loop" as="table">
          <table className={classes.loops}>
            <thead>
              <tr>
                <th scope="col">Push</th>
                <th scope="col">Return</th>
                <th scope="col">Measure</th>
                <th scope="col">Seeds</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((run, index) => (
                <tr key={`${run.run_id} ${run.arm} ${String(index)}`}>
                  <th scope="row">{originOf(run)}</th>
                  <td>
                    <b>{signed(run.mean_difference, 1)}</b>
                    {run.ci && <small>{interval(pair(run.ci), 1, true)}</small>}
                  </td>
                  <td>{run.measure === null || run.measure === "Return" ? "" : <Other run={run} />}</td>
                  <td>
                    {run.n}
                    {!run.inferential && <small>{run.source === "scan" ? "one of many" : "too few"}</small>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Saveable>
      )}
      {found.length > FEW && (
        <button type="button" className={classes.more} onClick={() => setAll(!all)}>
          {all ? "Show the newest only" : `Show all ${plural(found.length, "push", "pushes")}`}
        </button>
      )}
    </section>
  );
}

/** The behaviour measure that the study was about. */
function Other({ run: { measure, unit, measure_difference: by } }: { run: Found }) {
  return (
    <>
      {by !== null && by > 0 && "+"}
      {num(by, 2)} {unit}
      <small>{measure?.toLowerCase()}</small>
    </>
  );
}
