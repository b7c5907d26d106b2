import { memo } from "react";

import type { TableRow } from "@/lib/types";
import { Star } from "@/modules/collections/Star";
import { Bar } from "@/ui/Bar";
import rowClasses from "@/ui/Rows.module.css";

import { COLUMNS } from "./columns";
import { Badges } from "./Badges";
import { Matches } from "./search/Matches";
import classes from "./Explore.module.css";

interface Props {
  index: number;
  row: TableRow | undefined;
  scales: number[];
  chosen: boolean;
  starred: boolean;
  onChoose: (feature: number) => void;
  onStar: (feature: number, starred: boolean) => void;
}

/** One feature; a row whose page is still on its way keeps its place. */
export const Row = memo(function Row({ index, row, scales, chosen, starred, onChoose, onStar }: Props) {
  if (!row)
    return (
      <tr aria-rowindex={index + 2} className={classes.waiting}>
        <td colSpan={COLUMNS.length + 2}>…</td>
      </tr>
    );
  const own = row.note.name;
  return (
    <tr
      aria-rowindex={index + 2}
      data-chosen={chosen}
      data-dead={row.dead}
      onClick={() => onChoose(row.feature_idx)}
    >
      <td>
        <Star feature={row.feature_idx} starred={starred} onStar={onStar} />
        <button
          type="button"
          className={rowClasses.pick}
          aria-pressed={chosen}
          aria-label={`Feature ${row.feature_idx}`}
          onClick={(event) => {
            event.stopPropagation();
            onChoose(row.feature_idx);
          }}
        >
          {row.feature_idx}
        </button>
      </td>
      <td>
        <span className={classes.named}>
          <span className={classes.name} title={row.name} data-unnamed={!own && row.name === "unnamed"}>
            {own ?? row.name}
          </span>
          {row.match ? (
            <Matches reasons={row.match} />
          ) : (
            <Badges badges={row.badges} tags={row.note.tags} disagreement={row.disagreement} />
          )}
        </span>
      </td>
      {COLUMNS.map(({ label, text, hint, bar }, at) => (
        <td key={label}>
          {bar ? (
            <span className={rowClasses.cell}>
              <span className={rowClasses.number}>{text(row)}</span>
              <Bar value={bar.value(row)} scale={scales[at] ?? 1} signed={bar.signed} />
            </span>
          ) : (
            <span className={rowClasses.number}>
              {text(row)}
              {hint && <small className={classes.hint}>{hint(row)}</small>}
            </span>
          )}
        </td>
      ))}
    </tr>
  );
});
