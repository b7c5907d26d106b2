import { effectDecimals, interval, num, percent, signed } from "@/lib/format";
import { pair, type DoseResponse } from "@/lib/types";
import table from "@/ui/Table.module.css";
import { Saveable } from "@/ui/Saveable";

import classes from "../Effects.module.css";

/** Every dose as numbers: what the chart shows, for reading and for screen readers. */
export function DoseTable({ curve }: { curve: DoseResponse }) {
  const decimals = effectDecimals(curve.points.map((point) => point.mean_difference ?? 0));
  return (
    <Saveable title={`Doses of feature ${String(curve.feature_idx)}`} as="table">
      <div className={table.scroll}>
        <table className={`${table.plain} ${classes.table}`}>
          <caption className="visually-hidden">Every dose of feature {curve.feature_idx}</caption>
          <thead>
            <tr>
              <th scope="col">δₐ</th>
              <th scope="col">α</th>
              <th scope="col">
                Change, {curve.measure.unit} <small>95&nbsp;% interval</small>
              </th>
              <th scope="col">Random</th>
              <th scope="col">Falls</th>
            </tr>
          </thead>
          <tbody>
            {curve.points.map((point) => (
              <tr key={point.dose} data-outside={point.outside_random === true}>
                <th scope="row" data-sign={Math.sign(point.dose ?? 0)}>
                  {signed(point.dose, 2)}
                </th>
                <td>
                  {(point.alpha ?? 0) > 0 && "+"}
                  {num(point.alpha, 2)}
                </td>
                <td>
                  <b>{signed(point.mean_difference, decimals)}</b>
                  <small>{interval(pair(point.ci), decimals, true)}</small>
                </td>
                <td>
                  {point.outside_random === null ? "–" : point.outside_random ? <b>outside</b> : "inside"}
                </td>
                <td>{percent(point.fall_rate, 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Saveable>
  );
}
