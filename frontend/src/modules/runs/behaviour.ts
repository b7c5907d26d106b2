// Behaviour measures of one arm beside the baseline, one row per measure that is defined anywhere.
import type { Run } from "@/lib/types";

import { BASELINE } from "./arms";

type Behaviour = NonNullable<Run["behaviour"]>;

export interface BehaviourRow {
  key: string;
  title: string;
  unit: string;
  formula: string;
  before: number | null;
  after: number | null;
  n: number;
  difference: number | null;
  ci: readonly (number | null)[] | null;
  probability: number | null;
  q: number | null;
  /** The false discovery rate over all measures of the comparison is below 5 %. */
  apart: boolean;
  reason: string | null;
}

const LEVEL = 0.05;
const NO_VALUE = { mean: null, reason: null };
const NO_DIFFERENCE = { n: 0, mean_difference: null, ci: null, probability_of_increase: null, q_value: null };

export function behaviourRows(behaviour: Behaviour, arm: string | undefined): BehaviourRow[] {
  const of = (name: string | undefined) =>
    new Map(behaviour.arms.find((each) => each.name === name)?.measures.map((each) => [each.key, each]));
  const [before, after] = [of(BASELINE), of(arm)];
  const differences = new Map(
    behaviour.comparisons.find((each) => each.arm === arm)?.measures.map((each) => [each.key, each]),
  );
  return behaviour.measures.flatMap(({ key, title, unit, formula }) => {
    const base = before.get(key) ?? NO_VALUE;
    const other = after.get(key) ?? NO_VALUE;
    if (base.mean === null && other.mean === null) return [];
    const found = differences.get(key) ?? NO_DIFFERENCE;
    return [
      {
        key,
        title,
        unit,
        formula,
        before: base.mean,
        after: other.mean,
        n: found.n,
        difference: found.mean_difference,
        ci: found.ci,
        probability: found.probability_of_increase,
        q: found.q_value,
        apart: found.q_value !== null && found.q_value < LEVEL,
        reason: other.reason ?? base.reason,
      },
    ];
  });
}
