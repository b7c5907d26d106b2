// What the marks and curves of a report card say, computed from what they draw.
import { percent } from "@/lib/format";
import { pair, type Report } from "@/lib/types";

type Lines = Pick<Report, "lines">;

/** The server's sentence without the verdict that it begins with, which stands beside it already. */
export function told({ verdict, sentence }: Pick<Report, "verdict" | "sentence">): string {
  const start = `${verdict}: `;
  if (!sentence.toLowerCase().startsWith(start.toLowerCase())) return sentence;
  const rest = sentence.slice(start.length);
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

const isReference = (name: string) => name !== "sae" && name !== "baseline";

/** What the SAE keeps of the return, beside the best and the worst of the other replacements. */
export function recoveredSentence({ lines }: Lines): string {
  const sae = lines.find(({ name }) => name === "sae");
  if (typeof sae?.return_recovered !== "number")
    return "How much of the return survives is not defined here: the policy does no clearly better than with its layer held at the mean.";
  const ci = pair(sae.interval);
  const kept = `Through the SAE the policy keeps ${percent(sae.return_recovered)} of its return${ci && ci[0] !== ci[1] ? `, 95\u00a0% interval [${percent(ci[0])}, ${percent(ci[1])}]` : ""}`;
  const others = lines.flatMap(({ name, title, return_recovered: rate }) =>
    isReference(name) && rate !== null ? [{ title, rate }] : [],
  );
  const best = others.reduce<(typeof others)[number] | undefined>(
    (a, b) => (a && a.rate >= b.rate ? a : b),
    undefined,
  );
  if (!best) return `${kept}; nothing else was measured beside it.`;
  const beside = best.rate > sae.return_recovered ? "more is kept by" : "the best other replacement is";
  return `${kept}; ${beside} ${best.title}, ${percent(best.rate)}.`;
}

/** How many episodes last through the SAE, and without it. */
export function lastingSentence({ lines, survival_steps: steps }: Pick<Report, "lines" | "survival_steps">) {
  const end = (name: string) => lines.find((line) => line.name === name)?.survival.at(-1);
  const [policy, sae] = [end("baseline"), end("sae")];
  if (policy === undefined || sae === undefined) return "No curve was measured.";
  const references = lines.filter(({ name }) => isReference(name));
  const shorter = references.filter(({ survival }) => (survival.at(-1) ?? 0) < sae).length;
  return `Still going at step ${String(steps.at(-1) ?? 0)}: ${percent(policy, 0)} as it is, ${percent(sae, 0)} through the SAE, less through ${String(shorter)} of ${String(references.length)} other replacements.`;
}
