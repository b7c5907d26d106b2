import { SegmentedControl } from "@mantine/core";
import { useMemo, useState } from "react";

import { decimalsFor, fixed, interval, signed } from "@/lib/format";
import { pair, type Run } from "@/lib/types";
import { SlopeChart } from "@/ui/SlopeChart";

import { toneColor, toneOf } from "./arms";
import { pairedDifference, seedRows, valuesOf, type Measure } from "./pairs";
import classes from "./Compare.module.css";

interface Props {
  run: Run;
  hovered: number | null;
  onHover: (seed: number | null) => void;
}

const LABELS: Record<Measure, string> = { return: "Return per episode", length: "Episode length, steps" };

export function PairedChart({ run, hovered, onHover }: Props) {
  const [measure, setMeasure] = useState<Measure>("return");
  const rows = useMemo(() => seedRows(run.arms), [run.arms]);
  const columns = useMemo(
    () =>
      run.arms.map((arm) => {
        const { mean, ci } = measure === "return" ? arm.returns : arm.lengths;
        return { label: arm.name, color: toneColor(toneOf(arm)), mean, ci: pair(ci) };
      }),
    [run.arms, measure],
  );
  const lines = useMemo(
    () =>
      rows.map((row) => ({
        id: row.seed,
        values: row.episodes.map((episode) => episode?.[measure] ?? null),
        marked: row.episodes.map((episode) => episode?.fell ?? false),
      })),
    [rows, measure],
  );
  const decimals = decimalsFor(valuesOf(run.arms, measure));
  const seed = rows.find((row) => row.seed === hovered);
  const anyFall = run.arms.some((arm) => arm.episodes.some((episode) => episode.fell));

  return (
    <figure className={classes.figure}>
      <div className={classes.figureHead}>
        <h3>{LABELS[measure]}, paired by seed</h3>
        <SegmentedControl
          size="xs"
          aria-label="Measure of the chart"
          value={measure}
          onChange={(value) => setMeasure(value)}
          data={[
            { value: "return", label: "Return" },
            { value: "length", label: "Length" },
          ]}
        />
      </div>
      <SlopeChart
        columns={columns}
        lines={lines}
        yLabel={LABELS[measure]}
        decimals={decimals}
        height={330}
        hovered={hovered}
        onHover={onHover}
        label={`${LABELS[measure]} for each of ${rows.length} seeds, one line per seed across the arms ${run.arms.map((arm) => arm.name).join(", ")}`}
      />
      <figcaption className={classes.caption} aria-live="off">
        {seed ? (
          <>
            <b>Seed {seed.seed}</b>{" "}
            {seed.episodes
              .map((episode) =>
                episode ? `${fixed(episode[measure], decimals)}${episode.fell ? " (fell)" : ""}` : "none",
              )
              .join(" → ")}
            {measure === "return" &&
              seed.episodes.length === 2 &&
              `, ${signed(pairedDifference(seed, 1), decimals)}`}
          </>
        ) : (
          <>
            One line per seed; the bars are means with their 95 % interval
            {columns.length === 2 &&
              `, ${columns.map((column) => `${fixed(column.mean, decimals)} ${interval(column.ci, decimals)}`).join(" and ")}`}
            .{anyFall && " Hollow points fell."}
          </>
        )}
      </figcaption>
    </figure>
  );
}
