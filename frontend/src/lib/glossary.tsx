import type { ReactNode } from "react";

import { understanding } from "./glossary-features";
import { reportCard } from "./glossary-report";

export interface Entry {
  title: string;
  formula?: ReactNode;
  text: string;
}

const wj = (
  <>
    w<sub>j</sub>
  </>
);
const zj = (
  <>
    z<sub>j</sub>
  </>
);

const entries = {
  tap: {
    title: "the tap",
    formula: <>x = net[0…i](observation)</>,
    text: "The place in the policy where activations are read and pushed: the output of module net[i]. An SAE belongs to exactly one tap.",
  },
  sae: {
    title: "an SAE",
    formula: (
      <>
        z = TopK(ReLU(W x)), x̂ = Σ {zj} {wj}
      </>
    ),
    text: "Sparse autoencoder: it writes each activation at the tap as a sum of few directions out of many. One direction with its strength is a feature.",
  },
  latent: {
    title: "a feature, or latent",
    formula: <>{zj}, the j-th entry of z</>,
    text: "One unit of the SAE: how strongly it is active in a state, and the direction that it writes. What it means is a question, answered by what activates it and what pushing it does.",
  },
  ridge: {
    title: "ridge regression",
    formula: <>min ‖y − Zw − b‖² + λ‖w‖²</>,
    text: "A linear fit with a penalty on large weights, which keeps features that fire together from cancelling each other. The intercept b is free.",
  },
  artifacts: {
    title: "an artifacts directory",
    text: "A folder below the artifacts root that holds walker_sae.pt, cached_obs.pt and tapped_activations.pt, as the demo script writes them.",
  },
  d_in: { title: "d_in", text: "Width of the tapped activation: what the SAE reads and what it rebuilds." },
  d_latent: { title: "d_latent", text: "Number of features that the SAE has learned." },
  k: { title: "k", text: "At most k features are active at once; all others are set to zero (TopK)." },
  fvu: {
    title: "FVU",
    formula: <>Σ‖x − x̂‖² / Σ‖x − mean‖²</>,
    text: "Fraction of variance unexplained on the cached activations. 0 is a perfect copy, 1 is no better than the mean. Small is needed, but it does not prove that behaviour survives.",
  },
  l0: {
    title: "L0",
    formula: (
      <>
        mean #{"{"}j : {zj} &gt; 0{"}"}
      </>
    ),
    text: "How many features are active in a state, on average.",
  },
  dead: {
    title: "a dead feature",
    text: "A feature that is active in none of the cached states. Pushing it is possible, but says nothing about the policy's own behaviour.",
  },
  reproduction: {
    title: "reproduction error",
    formula: <>Σ‖head(obs) − x‖² / Σ‖x − mean‖²</>,
    text: "How far the policy, run to this tap on the cached observations, is from the cached activations. Zero up to rounding means that tap and activation function are the right ones.",
  },
  weight: {
    title: "weight",
    formula: <>Z w = y (ridge, free intercept)</>,
    text: "Coefficient of the feature in a ridge regression of the policy's own action on all features. Linear association, not cause; its size depends on the feature's scale.",
  },
  standardized_weight: {
    title: "standardised weight",
    formula: (
      <>
        {wj} · sd({zj}) / sd(y)
      </>
    ),
    text: "The weight in standard deviations: comparable between features whatever their scale.",
  },
  marginal_r2: {
    title: "marginal R²",
    formula: <>corr({zj}, y)²</>,
    text: "Share of the action's variance that this feature explains on its own, without the others.",
  },
  density: {
    title: "density",
    formula: <>P({zj} &gt; 0)</>,
    text: "Share of the cached states in which the feature is active. Very dense features act like a bias; very rare ones rest on few states.",
  },
  ablation_effect: {
    title: "ablation effect",
    formula: (
      <>
        rms [ g(x) − g(x − {zj}
        {wj}) ] / sd(y)
      </>
    ),
    text: "How much the action changes when the feature is removed, exactly, through the rest of the network g; in standard deviations of the action. The bar's side says whether the feature raises or lowers the action. An effect, not an association.",
  },
  local_gain: {
    title: "the first-order change",
    formula: <>α · mean [ ∂g/∂x · {wj} ]</>,
    text: "The slope of the action in the feature's direction, averaged over the cached states and multiplied by α. An estimate for one step in the open loop; only the run measures what happens.",
  },
  ridge_r2: {
    title: "R² of all features",
    formula: <>1 − Σ(y − ŷ)² / Σ(y − mean)²</>,
    text: "How well all features together predict the action linearly. Close to 1 is expected, since the action is computed from this layer; it is not evidence of meaning.",
  },
  alpha: {
    title: "α",
    formula: <>x ← x + α · {wj}</>,
    text: "At every step, α times the feature's decoder direction is added to the activation at the tap; the rest of the network continues from there. α = 0 changes nothing, exactly.",
  },
  direction: {
    title: "the decoder direction",
    formula: <>{wj} = column j of decoder.weight</>,
    text: "The direction in activation space that the feature writes. Its length, together with α, is the size of the push.",
  },
  return: { title: "return", text: "The sum of rewards over one episode, in the environment's own units." },
  iqm: {
    title: "IQM",
    text: "Interquartile mean: the mean of the middle half of the episodes. It ignores a few extreme ones.",
  },
  interval: {
    title: "the interval",
    text: "95\u00a0% bootstrap interval (BCa) over the seeds; for rates the Wilson interval. The claim is about this one policy, not about training again.",
  },
  paired: {
    title: "a paired difference",
    formula: (
      <>
        D<sub>s</sub> = with<sub>s</sub> − without<sub>s</sub>
      </>
    ),
    text: "Both arms start from the same seed, so each seed gives one difference. The mean and its interval are taken over these.",
  },
  falls: {
    title: "a fall",
    text: "The environment's own rule: the episode ended early, or the body lay on its back. With its Wilson interval.",
  },
  p_value: {
    title: "p",
    text: "Two-sided sign-flip test on the mean paired difference. With n seeds the smallest possible value is 2/2ⁿ.",
  },
  d_z: {
    title: "d_z",
    formula: <>mean(D) / sd(D)</>,
    text: "Paired effect size: the mean difference in units of its own spread over seeds.",
  },
  saturated: {
    title: "saturated actions",
    text: "Share of action values that had to be clipped to the environment's limits.",
  },
  ...reportCard,
  displacement: {
    title: "δₐ, action displacement",
    formula: (
      <>
        rms‖g(x + Δ) − g(x)‖ / √Σ var(a<sub>i</sub>)
      </>
    ),
    text: "How far the change moves the action, over the action's own spread. Comparable between features. From 0.10 falls begin, from 0.20 most gaits collapse.",
  },
  feature_sd: {
    title: "feature SDs",
    formula: (
      <>
        α / sd({zj} | {zj} &gt; 0)
      </>
    ),
    text: "α in standard deviations of the feature's own activation when it is active.",
  },
  activation_norm: {
    title: "share of the activation",
    formula: <>rms‖Δ‖ / rms‖x − mean‖</>,
    text: "Length of the change over the usual distance of activations from their mean.",
  },
  mahalanobis: {
    title: "distance in the policy's own spread",
    formula: <>√(Δᵀ Σ⁻¹ Δ)</>,
    text: "Length of the change measured against how the policy's activations vary.",
  },
  off_manifold: {
    title: "off-manifold distance",
    formula: <>√((x − mean)ᵀ Σ⁻¹ (x − mean))</>,
    text: "How unusual the visited activations are for this policy, as a percentile among its own. About 50 without a change; near 100 the network works where it was never trained.",
  },
  sine: {
    title: "sine",
    formula: <>factor = sin(2π t / period)</>,
    text: "Swings between +1 and −1 times the value.",
  },
  ramp: {
    title: "ramp",
    formula: <>factor = min(1, t / period)</>,
    text: "Grows from 0 to the full value over one period.",
  },
  pulse: {
    title: "pulse",
    formula: <>on for duty × period, then off</>,
    text: "The full value for a share of each period, nothing for the rest.",
  },
  phase: {
    title: "phase of the stride",
    text: "Where in the stride the body is, from 0 to 1, read at each step from the angle between the thighs and its rate. 0 is the crest of the rhythm.",
  },
  simultaneous: {
    title: "the band",
    text: "95\u00a0% band that holds for all doses at once (bootstrap over seeds, largest deviation). Wider than an interval for one dose.",
  },
  random_band: {
    title: "random directions",
    text: "The same action displacement along random directions: 5th to 95th percentile of their mean effects. A feature is special only outside this band.",
  },
  linear_range: {
    title: "linear range",
    text: "Largest dose up to which slope × dose is right within 20\u00a0%.",
  },
  collapse: {
    title: "collapse dose",
    text: "Smallest dose of that sign at which the fall rate is more than 20 points above the baseline.",
  },
  asymmetry: {
    title: "asymmetry",
    text: "0: the two signs do exactly opposite things; 1: both push the same way.",
  },
  trend: {
    title: "trend",
    text: "Page's test: does the effect grow steadily with the dose, seed by seed? One p-value per sign.",
  },
  q_value: {
    title: "q",
    text: "False discovery rate after Benjamini and Hochberg over every test that was run, not only the ones shown.",
  },
  holm: {
    title: "Holm-adjusted p",
    text: "p-value on fresh seeds, adjusted for the number of confirmations. Only effects confirmed here may be quoted: the best of a scan is too large by selection.",
  },
  safe_range: {
    title: "safe range",
    text: "Largest dose of each sign without more falls and with at least 0.9 of the baseline's return. The signs are searched separately, since they behave differently.",
  },
  probability_up: {
    title: "probability of increase",
    text: "Share of seeds in which the measure is higher with the change; ties count half.",
  },
  ...understanding,
} satisfies Record<string, Entry>;

export type Term = keyof typeof entries;
export const glossary: Record<Term, Entry> = entries;
