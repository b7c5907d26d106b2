import { Button } from "@mantine/core";

import { effectDecimals, interval, num, percent, plural, signed } from "@/lib/format";
import { pair, type Scan } from "@/lib/types";
import { Explain } from "@/ui/Explain";
import { extentOf, IntervalMark } from "@/ui/IntervalMark";
import partClasses from "@/ui/Part.module.css";
import table from "@/ui/Table.module.css";
import { Saveable } from "@/ui/Saveable";

import { ScanPlot } from "./ScanPlot";
import { ScanTable } from "./ScanTable";
import classes from "../Effects.module.css";
import own from "./Scan.module.css";

interface Props {
  scan: Scan;
  feature: number | undefined;
  onFeature: (feature: number) => void;
  /** Opens the dose-response of a feature. */
  onDose: (feature: number) => void;
}

/** What a scan found: confirmed effects first, then everything that was run. */
export function ScanResult({ scan, feature, onFeature, onDose }: Props) {
  return (
    <>
      <section className={partClasses.part} aria-label="Findings">
        <h3>Findings: confirmed on fresh seeds</h3>
        {scan.findings.length > 0 ? (
          <ul className={classes.findings}>
            {scan.findings.map((finding) => (
              <li key={finding}>{finding}</li>
            ))}
          </ul>
        ) : (
          <p className="muted small">
            None. {plural(scan.candidates, "candidate")} among {plural(scan.rows.length, "push", "pushes")};{" "}
            {scan.confirmations.length === 0
              ? "so nothing was tried again."
              : `none of the ${scan.confirmations.length} tried again held on fresh seeds.`}
          </p>
        )}
      </section>
      {scan.confirmations.length > 0 && <Confirmations scan={scan} onFeature={onFeature} onDose={onDose} />}
      <div className={classes.scan}>
        <ScanTable scan={scan} feature={feature} onFeature={onFeature} />
        <section className={`${partClasses.part} ${own.beside}`} aria-label="Plot of the scan">
          <h3>
            Effect and false discovery rate
            <Explain term="q_value" />
          </h3>
          <ScanPlot scan={scan} onFeature={onFeature} />
          <p className="muted small">
            Filled points are candidates (q below 0.05 over {scan.tests} tests, falls included). Blue pushes
            −α, orange +α, at δₐ {num(scan.dose, 2)}.{" "}
            {scan.out_of_reach.length > 0 &&
              `Features that no α pushes this far: ${scan.out_of_reach.join(", ")}.`}
          </p>
        </section>
      </div>
    </>
  );
}

function Confirmations({ scan, onFeature, onDose }: Pick<Props, "scan" | "onFeature" | "onDose">) {
  const rows = scan.confirmations;
  const band = pair([scan.random.low, scan.random.high]);
  const entries = rows.map((row) => ({ value: row.mean_difference, ci: pair(row.ci) }));
  const extent = extentOf([...entries, { value: 0, ci: band }]);
  const decimals = effectDecimals(entries.map(({ value }) => value ?? 0));
  return (
    <section className={partClasses.part} aria-label="Winners on fresh seeds">
      <h3>
        Winners on {scan.confirmation_seeds.length} fresh seeds
        <Explain term="holm" />
      </h3>
      <Saveable title="Scan, findings" as="table">
        <div className={table.scroll}>
          <table className={`${table.plain} ${classes.table}`}>
            <thead>
              <tr>
                <th scope="col">Feature</th>
                <th scope="col">δₐ</th>
                <th scope="col">α</th>
                <th scope="col">Change, {scan.measure.unit}</th>
                <th scope="col">Holm p</th>
                <th scope="col">
                  d_z
                  <Explain term="d_z" />
                </th>
                <th scope="col">Falls</th>
                <th scope="col">Verdict</th>
                <th scope="col">
                  <span className="visually-hidden">Next</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={`${row.feature_idx} ${row.dose}`}>
                  <th scope="row">{row.feature_idx}</th>
                  <td data-sign={Math.sign(row.dose ?? 0)}>{signed(row.dose, 2)}</td>
                  <td>{num(row.alpha, 3)}</td>
                  <td>
                    <span className={table.mark}>
                      {row.mean_difference !== null && (
                        <IntervalMark
                          value={row.mean_difference}
                          ci={pair(row.ci)}
                          color={(row.dose ?? 0) < 0 ? "var(--neg)" : "var(--pos)"}
                          extent={extent}
                        />
                      )}
                      <span>
                        <b>{signed(row.mean_difference, decimals)}</b>{" "}
                        <small>{interval(pair(row.ci), decimals, true)}</small>
                      </span>
                    </span>
                  </td>
                  <td>{num(row.p_adjusted, 2)}</td>
                  <td>{num(row.d_z, 2)}</td>
                  <td>{percent(row.fall_rate, 0)}</td>
                  <td>
                    {row.confirmed ? <b>confirmed</b> : "not confirmed"}
                    <small>{row.outside_random ? "outside the random band" : "no more than random"}</small>
                  </td>
                  <td>
                    <Button size="compact-xs" variant="default" onClick={() => onFeature(row.feature_idx)}>
                      Choose
                    </Button>{" "}
                    <Button size="compact-xs" variant="default" onClick={() => onDose(row.feature_idx)}>
                      Dose-response
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Saveable>
      {band && (
        <p className="muted small">
          {scan.random.directions} random directions of the same displacement: 5–95&nbsp;%{" "}
          {interval(band, decimals, true)} {scan.measure.unit}, {percent(scan.random.fall_rate, 0)} falls.
        </p>
      )}
    </section>
  );
}
