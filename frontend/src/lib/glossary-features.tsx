// What the feature table, a feature's page and the clusters show; part of the glossary.
import type { Entry } from "./glossary";

export const understanding = {
  output_percentile: {
    title: "output percentile",
    formula: <>rms ‖g(x + δ·d) − g(x)‖, rank among 500</>,
    text: "How far the feature's direction moves the actions, among 500 random directions of its length drawn like the activations. Below 90 it does little more than chance.",
  },
  closed_loop: {
    title: "the closed-loop effect",
    formula: <>mean over seeds of return(arm) − return(baseline)</>,
    text: "Paired difference of the return from a finished run, confirmation, calibration, dose-response or scan that pushes this feature alone, all other things equal. The doses differ, so the order is one of what was run, not of importance; a push of a scan is one of many and not to be quoted.",
  },
  chance_band: {
    title: "the chance band",
    formula: <>99th percentile of |mean effect|, random d</>,
    text: "What removing a random direction of the same length and activation does to this action. Only bars that leave the grey band are named.",
  },
  auroc: {
    title: "AUROC of the name",
    text: "How well the rule before the arrow tells active from silent states, on episodes that it was not made from. 0.5 is a coin; a name needs 0.85.",
  },
  onsets: {
    title: "onsets",
    text: "Times per episode that the feature goes from silent to active; silences of up to two steps do not count.",
  },
  coverage: { title: "coverage", text: "Share of the cached episodes in which the feature fires at all." },
  silhouette: {
    title: "silhouette",
    formula: <>(b − a) / max(a, b)</>,
    text: "How much closer a feature is to its own cluster than to the next: 1 is clear, 0 is on the border. It must exceed what unrelated features reach.",
  },
  ari: {
    title: "stability",
    text: "Mean adjusted Rand index between these clusters and those found on resampled episodes: 1 is identical, 0 is chance. A reliable structure has at least 0.6.",
  },
  cophenetic: {
    title: "cophenetic correlation",
    text: "How faithfully the tree of merges keeps the distances between features; 1 is perfectly.",
  },
} satisfies Record<string, Entry>;
