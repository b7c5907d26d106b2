import { useState } from "react";

import { alphaText, effectDecimals, interval, num, percent, plural, signed } from "@/lib/format";
import { pair, type DosePoint, type DoseResponse } from "@/lib/types";
import { Explain } from "@/ui/Explain";
import { Facts } from "@/ui/Facts";
import { Sample } from "@/ui/SurvivalChart";

import { controlLines } from "./curve";
import { DoseChart } from "./DoseChart";
import { DoseTable } from "./DoseTable";
import { doseSentence, fallSentence } from "../sentence";
import classes from "./Dose.module.css";
import shared from "../Effects.module.css";

/** A finished dose-response: the curve among what it must beat, and the numbers that describe it. */
export function DoseResult({ curve }: { curve: DoseResponse }) {
  const [at, setAt] = useState<number | null>(null);
  const lines = controlLines(curve);
  const [hidden, setHidden] = useState<readonly string[]>(["flip"]);
  const toggle = (key: string) =>
    setHidden((old) => (old.includes(key) ? old.filter((each) => each !== key) : [...old, key]));
  const point = at === null ? undefined : curve.points[at];
  const random = curve.points.find((each) => each.random)?.random?.directions;
  return (
    <div className={shared.split}>
      <figure className={shared.figure}>
        <DoseChart
          curve={curve}
          controls={lines.filter((line) => !hidden.includes(line.key))}
          at={at}
          onAt={setAt}
        />
        <div className={classes.keys} role="group" aria-label="Lines of the chart">
          <span>
            <i className={classes.swatch} data-kind="feature" /> feature {curve.feature_idx}, mean and band
            <Explain term="simultaneous" />
          </span>
          {random !== undefined && (
            <span>
              <i className={classes.swatch} data-kind="random" /> {plural(random, "random direction")}
              <Explain term="random_band" />
            </span>
          )}
          {lines.map((line) => (
            <button
              key={line.key}
              type="button"
              aria-pressed={!hidden.includes(line.key)}
              onClick={() => toggle(line.key)}
            >
              <Sample color="var(--ink-2)" dash={line.dash} />
              {line.label}
            </button>
          ))}
        </div>
        <figcaption className={classes.readout} aria-live="polite">
          {point ? (
            <Readout point={point} curve={curve} />
          ) : (
            `${doseSentence(curve)} ${fallSentence(curve)} Point at the chart, or focus it and use the arrow keys, to read a dose. Controls that leave the axis are cut off.`
          )}
        </figcaption>
      </figure>
      <div className={shared.side}>
        <Shape curve={curve} />
        <DoseTable curve={curve} />
      </div>
    </div>
  );
}

function Readout({ point, curve }: { point: DosePoint; curve: DoseResponse }) {
  const decimals = effectDecimals(curve.points.map((each) => each.mean_difference ?? 0));
  return (
    <>
      <b>
        δₐ {signed(point.dose, 2)}, {alphaText(point.alpha ?? 0)}: {signed(point.mean_difference, decimals)}{" "}
        {curve.measure.unit}
      </b>
      , band {interval(pair(point.band), decimals, true)}
      {point.random && <>, random {interval(pair([point.random.low, point.random.high]), decimals, true)}</>}
      {point.outside_random !== null && (point.outside_random ? ": outside" : ": not distinguishable")}. Falls{" "}
      {percent(point.fall_rate, 0)}, {plural(point.n, "pair")}.
    </>
  );
}

function Shape({ curve }: { curve: DoseResponse }) {
  const { trend, collapse, slope, slope_ci, measure } = curve;
  const decimals = effectDecimals([slope ?? 0]);
  const sizes = new Set(curve.points.map((point) => Math.abs(point.dose ?? 0)));
  const none = sizes.size === 1 ? "not with one dose" : "not from these doses";
  const dose = (value: number | null, sign: string) =>
    value === null ? "none" : `${sign}${num(Math.abs(value), 2)}`;
  return (
    <Facts
      columns={2}
      facts={[
        {
          label: "slope at 0",
          value: slope === null ? none : `${signed(slope, decimals)}\u00a0${measure.unit} per δₐ`,
          ...(slope === null ? {} : { note: interval(pair(slope_ci), decimals, true) }),
          term: "displacement",
        },
        {
          label: "linear range",
          value:
            curve.linear_range === null
              ? "–"
              : curve.linear_range === 0
                ? "none"
                : `±${num(curve.linear_range, 2)}`,
          term: "linear_range",
        },
        { label: "collapse, −α", value: dose(collapse.negative, "−"), term: "collapse" },
        { label: "collapse, +α", value: dose(collapse.positive, "+"), term: "collapse" },
        { label: "trend, −α", value: `p ${num(trend?.negative, 2)}`, term: "trend" },
        { label: "trend, +α", value: `p ${num(trend?.positive, 2)}`, term: "trend" },
        { label: "asymmetry", value: num(curve.asymmetry, 2), term: "asymmetry" },
        {
          label: `baseline ${measure.title.toLowerCase()}`,
          value: `${num(curve.baseline.mean, 3)}\u00a0${measure.unit}`,
        },
      ]}
    />
  );
}
