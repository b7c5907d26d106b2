import { Select } from "@mantine/core";
import { useMemo } from "react";

import { decimalsFor, fixed, interval, signed } from "@/lib/format";
import type { Run } from "@/lib/types";
import { SlopeChart } from "@/ui/SlopeChart";

import { toneColor, toneOf } from "./arms";
import { seedRows, seriesOf, type Series } from "./pairs";
import { pairedSentence } from "./sentence";
import classes from "./Compare.module.css";

interface Props {
  run: Run;
  measure: string;
  onMeasure: (key: string) => void;
  hovered: number | null;
  onHover: (seed: number | null) => void;
}

const named = ({ title, unit }: Series) => (unit ? `${title}, ${unit}` : title);

export function PairedChart({ run, measure, onMeasure, hovered, onHover }: Props) {
  const rows = useMemo(() => seedRows(run.arms), [run.arms]);
  const all = useMemo(() => seriesOf(run), [run]);
  const series = all.find((each) => each.key === measure) ?? all[0];
  const columns = useMemo(
    () =>
      run.arms.map((arm, index) => ({
        label: arm.name,
        color: toneColor(toneOf(arm)),
        mean: series?.means[index]?.mean ?? null,
        ci: series?.means[index]?.ci ?? null,
      })),
    [run.arms, series],
  );
  const lines = useMemo(
    () =>
      rows.map((row, seed) => ({
        id: row.seed,
        values: run.arms.map((_, arm) => series?.values[arm]?.[seed] ?? null),
        marked: row.episodes.map((episode) => episode?.fell ?? false),
      })),
    [rows, run.arms, series],
  );
  if (!series) return null;
  const decimals = decimalsFor(lines.flatMap((line) => line.values.map((value) => value ?? 0)));
  const sentence = pairedSentence(run, series);
  const line = lines.find((each) => each.id === hovered);
  const anyFall = run.arms.some((arm) => arm.episodes.some((episode) => episode.fell));

  return (
    <figure className={classes.figure}>
      <div className={classes.figureHead}>
        <h3>{series.title}, paired by seed</h3>
        <Select
          size="xs"
          w={170}
          aria-label="Measure of the chart"
          searchable
          allowDeselect={false}
          value={series.key}
          onChange={(key) => key !== null && onMeasure(key)}
          data={all.map(({ key, title }) => ({ value: key, label: title }))}
        />
      </div>
      <SlopeChart
        columns={columns}
        lines={lines}
        yLabel={named(series)}
        decimals={decimals}
        height={330}
        hovered={hovered}
        onHover={onHover}
        label={`${named(series)} for each of ${rows.length} seeds, one line per seed across the arms ${run.arms.map((arm) => arm.name).join(", ")}. ${sentence}`}
      />
      <figcaption className={classes.caption} aria-live="off">
        {line ? (
          <SeedCaption line={line} decimals={decimals} />
        ) : (
          <>
            {sentence} One line per seed; the bars are means with their 95&nbsp;% interval
            {columns.length === 2 &&
              `, ${columns.map((column) => `${fixed(column.mean, decimals)} ${interval(column.ci, decimals)}`).join(" and ")}`}
            .{anyFall && " Hollow points fell."}
          </>
        )}
      </figcaption>
    </figure>
  );
}

interface CaptionProps {
  line: { id: number; values: (number | null)[]; marked: boolean[] };
  decimals: number;
}

function SeedCaption({ line: { id, values, marked }, decimals }: CaptionProps) {
  const [before, after] = values;
  const both = values.length === 2 && typeof before === "number" && typeof after === "number";
  return (
    <>
      <b>Seed {id}</b>{" "}
      {values
        .map((value, arm) =>
          value === null ? "none" : `${fixed(value, decimals)}${marked[arm] ? " (fell)" : ""}`,
        )
        .join(" → ")}
      {both && `, ${signed(after - before, decimals)}`}
    </>
  );
}
