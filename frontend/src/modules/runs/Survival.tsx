import type { Run } from "@/lib/types";
import { SurvivalChart } from "@/ui/SurvivalChart";

import { toneColor, toneOf } from "./arms";
import { survivalSentence } from "./sentence";
import { survivalOf } from "./survival";
import classes from "./Compare.module.css";

const DASHES = { base: undefined, pos: undefined, neg: "7 3", ink: "2 3" };

/** How many episodes of each arm are still going at each step. */
export function Survival({ run }: { run: Run }) {
  const { steps, shares } = survivalOf(run);
  const sentence = survivalSentence(run, { steps, shares });
  const ended = run.arms.some((arm) => arm.episodes.some((episode) => episode.terminated));
  return (
    <section className={classes.seeds} aria-label="Survival">
      <div className={classes.figureHead}>
        <h3>Episodes still going</h3>
      </div>
      {ended && <p className="muted small">{sentence}</p>}
      {ended ? (
        <SurvivalChart
          steps={steps}
          height={220}
          label={`Share of episodes not ended early, by step, for the arms ${run.arms.map((arm) => arm.name).join(", ")}. ${sentence}`}
          curves={run.arms.map((arm, index) => ({
            label: arm.name,
            color: toneColor(toneOf(arm)),
            dash: DASHES[toneOf(arm)],
            values: shares[index] ?? [],
          }))}
        />
      ) : (
        <p className="muted small">
          No episode of any arm ended early: all {run.episodes} went on for {run.max_steps} steps.
        </p>
      )}
    </section>
  );
}
