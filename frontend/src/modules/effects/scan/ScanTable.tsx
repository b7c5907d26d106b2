import { Button } from "@mantine/core";
import { useState } from "react";

import { effectDecimals, interval, num, percent, signed } from "@/lib/format";
import type { Term } from "@/lib/glossary";
import { pair, type Scan, type ScanRow } from "@/lib/types";
import { Explain } from "@/ui/Explain";
import { extentOf, IntervalMark } from "@/ui/IntervalMark";
import { SortButton } from "@/ui/SortButton";
import partClasses from "@/ui/Part.module.css";
import table from "@/ui/Table.module.css";
import { Saveable } from "@/ui/Saveable";

import { fate, sortRows, type ScanSort } from "./rows";
import classes from "../Effects.module.css";
import own from "./Scan.module.css";

const FIRST = 20;

interface Props {
  scan: Scan;
  feature: number | undefined;
  onFeature: (feature: number) => void;
}

/** Every push that was run, sorted. Its numbers are not findings: the largest of many is too large by selection. */
export function ScanTable({ scan, feature, onFeature }: Props) {
  const [sort, setSort] = useState<ScanSort>("q_value");
  const [all, setAll] = useState(false);
  const rows = sortRows(scan.rows, sort);
  const extent = extentOf(rows.map((row) => ({ value: row.mean_difference, ci: pair(row.ci) })));
  const sure = rows.some((row) => pair(row.ci));
  const head = (key: ScanSort, label: string, term?: Term) => (
    <th scope="col" aria-sort={sort === key ? "ascending" : "none"}>
      <SortButton active={sort === key} onClick={() => setSort(key)}>
        {label}
      </SortButton>
      {term && <Explain term={term} />}
    </th>
  );
  return (
    <section className={partClasses.part} aria-label="Every push that was run">
      <h3>What was run: {scan.rows.length} pushes, not to be quoted from here</h3>
      <Saveable title="Scan, every push" as="table">
        <div className={own.tall} data-all={all} tabIndex={0} role="group" aria-label="Table of all pushes">
          <table className={`${table.plain} ${classes.table}`}>
            <thead>
              <tr>
                <th scope="col">Feature</th>
                {head("offline_rank", "Offline rank", "ablation_effect")}
                <th scope="col">δₐ</th>
                {head("effect", `Change, ${scan.measure.unit}${sure ? "" : ", no intervals"}`)}
                {head("q_value", "q", "q_value")}
                {head("fall_rate", "Falls", "falls")}
                <th scope="col">Fate</th>
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, all ? undefined : FIRST).map((row) => (
                <Row
                  key={`${row.feature_idx} ${row.dose}`}
                  row={row}
                  scan={scan}
                  extent={extent}
                  sure={sure}
                  chosen={row.feature_idx === feature}
                  onFeature={onFeature}
                />
              ))}
            </tbody>
          </table>
        </div>
      </Saveable>
      {rows.length > FIRST && (
        <Button size="compact-sm" variant="default" onClick={() => setAll((old) => !old)}>
          {all ? `Show the first ${FIRST}` : `Show all ${rows.length}`}
        </Button>
      )}
    </section>
  );
}

interface RowProps {
  row: ScanRow;
  scan: Scan;
  extent: number;
  /** Some row has an interval: otherwise its absence is said once, at the top. */
  sure: boolean;
  chosen: boolean;
  onFeature: (feature: number) => void;
}

function Row({ row, scan, extent, sure, chosen, onFeature }: RowProps) {
  const decimals = effectDecimals(scan.rows.map((each) => each.mean_difference ?? 0));
  const color = (row.dose ?? 0) < 0 ? "var(--neg)" : "var(--pos)";
  return (
    <tr data-chosen={chosen}>
      <th scope="row">
        <button
          type="button"
          className={own.pick}
          aria-label={`Choose feature ${row.feature_idx}, ${signed(row.dose, 2)}`}
          onClick={() => onFeature(row.feature_idx)}
        >
          {row.feature_idx}
        </button>
      </th>
      <td>
        {row.offline_rank + 1} <small>{num(row.ablation_effect, 2)}</small>
      </td>
      <td data-sign={Math.sign(row.dose ?? 0)}>{signed(row.dose, 2)}</td>
      <td>
        <span className={table.mark}>
          {row.mean_difference !== null && (
            <IntervalMark value={row.mean_difference} ci={pair(row.ci)} color={color} extent={extent} />
          )}
          <span>
            {signed(row.mean_difference, decimals)}{" "}
            {sure && <small>{interval(pair(row.ci), decimals, true)}</small>}
          </span>
        </span>
      </td>
      <td>{num(row.q_value, 2)}</td>
      <td>{percent(row.fall_rate, 0)}</td>
      <td>{fate(row, scan)}</td>
    </tr>
  );
}
