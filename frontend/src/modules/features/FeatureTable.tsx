import type { FeatureRow, FeatureSort } from "@/lib/types";
import { Bar } from "@/ui/Bar";
import { Explain } from "@/ui/Explain";
import rowClasses from "@/ui/Rows.module.css";
import { SortButton } from "@/ui/SortButton";
import { Saveable } from "@/ui/Saveable";

import { barValue, MEASURES, scaleOf, type Measure } from "./columns";
import classes from "./Features.module.css";

interface Props {
  rows: FeatureRow[];
  sort: FeatureSort;
  onSort: (sort: FeatureSort) => void;
  chosen: number | undefined;
  onChoose: (feature: number) => void;
  /** The rows shown belong to the previous question while the next answer is on its way. */
  stale: boolean;
}

export function FeatureTable({ rows, sort, onSort, chosen, onChoose, stale }: Props) {
  const scales = new Map(MEASURES.map((measure) => [measure.field, scaleOf(rows, measure)]));
  return (
    <Saveable title="Features for an action" as="table">
      <div className={classes.scroll}>
        <table className={`${rowClasses.rows} ${classes.table}`} data-stale={stale} aria-busy={stale}>
          <thead>
            <tr>
              <th scope="col" className={classes.rank}>
                #
              </th>
              <th scope="col">
                Feature
                <Explain term="latent" />
              </th>
              {MEASURES.map((measure) => (
                <SortHead
                  key={measure.field}
                  measure={measure}
                  active={measure.sort === sort}
                  onSort={onSort}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, position) => (
              <tr
                key={row.feature_idx}
                data-chosen={row.feature_idx === chosen}
                onClick={() => onChoose(row.feature_idx)}
              >
                <td className={classes.rank}>{position + 1}</td>
                <td>
                  <button
                    type="button"
                    className={`${rowClasses.pick} ${classes.pick}`}
                    aria-pressed={row.feature_idx === chosen}
                    aria-label={`Feature ${row.feature_idx}`}
                  >
                    {row.feature_idx}
                    {row.dead && <small>dead</small>}
                  </button>
                </td>
                {MEASURES.map((measure) => (
                  <td key={measure.field}>
                    <span className={rowClasses.cell}>
                      <span className={rowClasses.number}>{measure.text(row[measure.field])}</span>
                      <Bar
                        value={barValue(row, measure)}
                        scale={scales.get(measure.field) ?? 1}
                        signed={measure.signed}
                      />
                    </span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Saveable>
  );
}

function SortHead({
  measure,
  active,
  onSort,
}: {
  measure: Measure;
  active: boolean;
  onSort: (sort: FeatureSort) => void;
}) {
  return (
    <th scope="col" aria-sort={active ? "descending" : "none"}>
      <span className={rowClasses.head}>
        <SortButton active={active} onClick={() => onSort(measure.sort)}>
          {measure.label}
        </SortButton>
        <Explain term={measure.term} />
      </span>
    </th>
  );
}
