import { useState } from "react";

import { ArmName } from "@/ui/ArmName";
import { Bar } from "@/ui/Bar";
import { IntervalMark } from "@/ui/IntervalMark";
import { Panel } from "@/ui/Panel";
import { RateMark } from "@/ui/RateMark";
import { SlopeChart } from "@/ui/SlopeChart";
import { SurvivalChart } from "@/ui/SurvivalChart";

import classes from "./Gallery.module.css";

const ARMS = [
  { label: "−α", color: "var(--neg)", mean: 4100, ci: [3900, 4300] },
  { label: "baseline", color: "var(--base)", mean: 5200, ci: [5150, 5250] },
  { label: "+α", color: "var(--pos)", mean: 2500, ci: [1900, 3100] },
] as const;
const LINES = Array.from({ length: 8 }, (_, seed) => ({
  id: seed,
  values: [4100 + 80 * (seed - 4), 5200 + 10 * (seed - 4), 2500 + 210 * (seed - 4)],
  marked: [false, false, seed % 2 === 0],
}));
const STEPS = [0, 100, 200, 300, 400];

/** The charts with made-up numbers; nothing here was measured. */
export function GalleryCharts() {
  const [hovered, setHovered] = useState<number | null>(null);
  return (
    <Panel id="charts" title="Charts" lead="Numbers on this page are made up to show the drawing.">
      <div className={classes.columns}>
        <SlopeChart
          columns={[...ARMS]}
          lines={LINES}
          yLabel="return"
          decimals={0}
          height={260}
          hovered={hovered}
          onHover={setHovered}
          label="Example of seeds under three arms"
        />
        <SurvivalChart
          steps={STEPS}
          height={220}
          label="Example of episodes still going"
          curves={ARMS.map(({ label, color }, index) => ({
            label,
            color,
            strong: index === 1,
            values: STEPS.map((_, at) => 1 - (at * index) / 9),
          }))}
        />
      </div>
      <div className={classes.row}>
        {ARMS.map(({ label, color }) => (
          <ArmName key={label} color={color}>
            {label}
          </ArmName>
        ))}
        {[0.6, 0.2].map((value) => (
          <span key={value} className={classes.bar}>
            <Bar value={value} scale={1} />
          </span>
        ))}
        <span className={classes.bar}>
          <Bar value={-0.4} scale={1} signed />
        </span>
        <IntervalMark value={-0.2} ci={[-0.5, 0.1]} color="var(--neg)" extent={1} />
        <RateMark rate={0.3} ci={[0.1, 0.5]} color="var(--pos)" />
      </div>
    </Panel>
  );
}
