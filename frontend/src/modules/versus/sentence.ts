import { count, fixed, percent } from "@/lib/format";
import type { ModelComparison } from "@/lib/types";

/** How far the two act apart on the same states: the largest gap in SDs, or how often they choose otherwise. */
export function actionSentence({ actions }: Pick<ModelComparison, "actions">): string {
  if (!actions) return "Neither model has cached observations, so their actions were not compared.";
  const on = `on ${count(actions.states)} cached states`;
  if (actions.other_choice !== null)
    return actions.other_choice === 0
      ? `They choose the same action ${on}.`
      : `They choose another action in ${percent(actions.other_choice, 1)} of the states, ${on}.`;
  const gaps = actions.gaps.filter(({ rms_sd }) => rms_sd !== null);
  if (actions.gaps.every(({ rms }) => rms === 0)) return `Their actions are exactly the same ${on}.`;
  const most = gaps.reduce<(typeof gaps)[number] | undefined>(
    (a, b) => (a && (a.rms_sd ?? 0) >= (b.rms_sd ?? 0) ? a : b),
    undefined,
  );
  if (!most)
    return `Their actions differ ${on}; the first model's are constant, so there is no SD to measure by.`;
  const size = most.rms_sd ?? 0;
  const much = size >= 1 ? "by more than they vary" : size < 0.1 ? "little" : "clearly";
  return `Their actions differ ${much} ${on}: most in ${most.name}, by ${fixed(size, 2)} SD.`;
}

/** How far the weights are apart. */
export function weightSentence({ models, weights }: Pick<ModelComparison, "models" | "weights">): string {
  const [first, second] = models;
  if (!weights) return "They have different layers, so weights are not compared one by one.";
  if (weights.different === 0) return "Their weights are the same, bit for bit.";
  const same = first?.id === second?.id ? "The edits changed" : "They differ in";
  const apart =
    weights.relative === null
      ? ""
      : `; the difference is ${percent(weights.relative, 1)} as long as the weights`;
  return `${same} ${count(weights.different)} of ${count(weights.total)} weights${apart}.`;
}

/** Close to one two decimals would say 1.00, above which nothing can be. */
const correlation = (value: number | null) => fixed(value, value !== null && value > 0.995 ? 4 : 2);

/** Which features of the two SAEs fire alike, or why that was not asked. */
export function featureSentence({ features }: Pick<ModelComparison, "features">): string {
  if (features.reason !== null) return `Features are not compared. ${features.reason}`;
  const pairs = features.matches.length;
  const bar = Math.max(features.chance ?? 0, 0.8);
  const start =
    features.shared === 0
      ? `None of ${count(pairs)} pairs of features fires alike beyond chance`
      : `${count(features.shared ?? 0)} of ${count(pairs)} pairs of features fire alike beyond chance`;
  return `${start}: a correlation above ${correlation(bar)} on the same states, where SAEs without features reach ${correlation(features.chance)} for one feature in twenty.`;
}
