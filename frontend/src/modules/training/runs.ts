// The trainings on screen: one colour each, the same in every figure and table.
import type { Density, Sweep, SweepCell } from "@/lib/types";

export interface TrainingRun {
  key: string;
  label: string;
  color: string;
  dash: string | undefined;
  cell: SweepCell;
  curves: Record<string, (number | null)[]> | null;
  density: Density | null;
}

const DASHES = [undefined, "6 3", "2 3", "8 3 2 3"];
const GOLDEN = 137.508;

/** Hues far apart for neighbours; the dash tells training seeds of one configuration apart without colour. */
const colorOf = (index: number) => `oklch(var(--run-light) 0.13 ${Math.round((200 + index * GOLDEN) % 360)})`;

const nameOf = (cell: SweepCell, many: boolean) =>
  `k ${cell.k} of ${cell.d_latent}${many ? `, ${cell.variant}` : ""}, seed ${cell.seed}`;

/** Every SAE of a sweep, and of one beside it, as a run. */
export function runsOf(sweep: Sweep, beside?: Sweep): TrainingRun[] {
  const both = [sweep, ...(beside && beside.sweep_id !== sweep.sweep_id ? [beside] : [])];
  const many = new Set(both.flatMap((each) => each.cells.map((cell) => cell.variant))).size > 1;
  const seeds = [...new Set(both.flatMap((each) => each.cells.map((cell) => cell.seed)))];
  return both
    .flatMap((each, number) => each.cells.map((cell) => ({ each, number, cell })))
    .map(({ each, number, cell }, index) => ({
      key: `${each.sweep_id}/${cell.number}`,
      label: nameOf(cell, many) + (number > 0 ? " (beside)" : ""),
      color: colorOf(index),
      dash: DASHES[seeds.indexOf(cell.seed) % DASHES.length],
      cell,
      curves: cell.curves,
      density: cell.density,
    }));
}

/** Steps and values of a curve, without the checks at which nothing was measured. */
export function points(run: TrainingRun, name: string): [number, number][] {
  const steps = run.curves?.step ?? [];
  const values = run.curves?.[name] ?? [];
  return steps.flatMap((step, index) => {
    const value = values[index];
    return step === null || value === null || value === undefined ? [] : [[step, value] as [number, number]];
  });
}

/** The run whose densities are shown: the one in training, or else the recommended, or the first. */
export function shownDensity(runs: TrainingRun[], sweep: Sweep): TrainingRun | undefined {
  return (
    runs.find((run) => run.cell.state === "training") ??
    runs.find((run) => run.cell.number === sweep.recommended) ??
    runs.find((run) => run.density !== null)
  );
}
