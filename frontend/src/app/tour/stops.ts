/** A stop of the tour: the section it stands at, and what is to be done there. */
export interface Stop {
  section: string;
  title: string;
  text: string;
}

export const STOPS: readonly Stop[] = [
  {
    section: "network",
    title: "This is the policy",
    text: "Observations come in on the left, actions leave on the right. The marked layer is the tap: the place where activations are read, and later pushed.",
  },
  {
    section: "load-sae",
    title: "Load SAE",
    text: "A sparse autoencoder writes each activation as a few features. Press Load SAE: the fitting directory is chosen already. The line below then says how much of the activation it rebuilds.",
  },
  {
    section: "interpret",
    title: "Interpret",
    text: "The ten features with the largest weight in a ridge regression of one action. Choose the first row. Association is not effect: the next steps measure that.",
  },
  {
    section: "perturb",
    title: "Perturb",
    text: "Set α to +5 and press Apply Feature Perturbation. At every step, α times the feature's direction is added at the tap; the weights stay as they are.",
  },
  {
    section: "run",
    title: "Run",
    text: "Press Run Model. The server plays the same seeds twice, with and without the push.",
  },
  {
    section: "compare",
    title: "Compare",
    text: "One sentence says what changed and how sure it is; below, every seed as a pair and the bodies side by side. Copy link shares exactly this. Features, Effects and Live, above, go deeper.",
  },
];
