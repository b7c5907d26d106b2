// What the SAE report card measures; part of the glossary.
import type { Entry } from "./glossary";

export const reportCard = {
  return_recovered: {
    title: "return recovered",
    formula: (
      <>
        (J<sub>replaced</sub> − J<sub>mean</sub>) / (J<sub>policy</sub> − J<sub>mean</sub>)
      </>
    ),
    text: "The policy acts with its activation replaced at every step, on the same seeds. 100\u00a0% is as good as the policy, 0\u00a0% as bad as always using the mean activation.",
  },
  centred_cosine: {
    title: "cosine",
    formula: <>(x − mean) · (x̂ − mean) / (‖x − mean‖ ‖x̂ − mean‖)</>,
    text: "Mean cosine of centred activations and their reconstruction. Without centring it would be close to 1 for anything.",
  },
  action_fvu: {
    title: "action FVU",
    formula: <>Σ‖a(x̂) − a(x)‖² / Σ‖a(x) − mean a‖²</>,
    text: "The same fraction for the action, one step ahead from the same states.",
  },
  affine_map: {
    title: "the best affine map",
    formula: <>ŷ = A x + b, by least squares</>,
    text: "From the tap that a transcoder reads to the one that it writes, fitted on the states that it is judged on. It has no latents to look at: a transcoder is worth having only where it explains more.",
  },
  feedback_fvu: {
    title: "feedback FVU",
    formula: <>Σ‖Δa(x̂) − Δa(x)‖² / Σ‖Δa(x)‖²</>,
    text: "How wrongly the action answers a small disturbance of the observation: 0 is perfect feedback, 1 no better than none, above 1 the wrong way. Plain FVU does not see this; above 0.3 gaits began to fall in our measurements.",
  },
  divergence: {
    title: "divergence",
    text: "Median step at which the state is one standard deviation away from the paired baseline episode. Late is good; chaos makes every change diverge at last.",
  },
  fvu_under_splice: {
    title: "FVU while acting",
    formula: <>FVU on the states visited through the SAE</>,
    text: "Larger than on the policy's own states when acting through the SAE leads to places it was not trained on.",
  },
  active_set_change: {
    title: "set changes",
    text: "Share of the active features that differ from one step to the next. Frequent switching means jumps in the reconstruction.",
  },
  stability: {
    title: "stability",
    formula: <>(PW-MCC − null) / (1 − null)</>,
    text: "Decoder directions are matched one to one between SAEs. Dictionaries without any features already score high in few dimensions, so each score stands beside three of those.",
  },
} satisfies Record<string, Entry>;
