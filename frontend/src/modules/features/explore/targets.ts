import type { TablePage } from "@/lib/types";

const GROUPS: readonly [prefix: string, title: string][] = [
  ["action", "Actions"],
  ["obs", "Observations"],
  ["reward", "Reward"],
  ["measure", "Behaviour of an episode"],
];

/** What can be asked for, by kind, each with its unit. */
export function groupTargets(targets: TablePage["targets"]) {
  return GROUPS.map(([prefix, group]) => ({
    group,
    items: targets
      .filter(({ key }) => key.split(":")[0] === prefix)
      .map(({ key, title, unit }) => ({ value: key, label: unit ? `${title}, ${unit}` : title })),
  })).filter(({ items }) => items.length > 0);
}
