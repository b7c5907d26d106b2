import type { ArtifactsDirectory, Demo, Job, Run } from "@/lib/types";

import { makeModel, type StoredModel } from "./models";

/** Everything the mock API remembers. One per test, one per dev server. */
export class World {
  models = new Map<string, StoredModel>();
  runs = new Map<string, Run>();
  jobs = new Map<string, Job>();
  /** Milliseconds that a run of the mock takes. */
  runMs = 60;
  private counter = 0;

  next(prefix: string): string {
    this.counter += 1;
    return `${prefix}_${this.counter}`;
  }

  addWalker(name = "Walker2d imitator", patch = {}): StoredModel {
    const stored = makeModel(this.next("m"), name, [17, 32, 32, 32, 6], {
      metadata: { env: "Walker2d-v5" },
      ...patch,
    });
    this.models.set(stored.model.id, stored);
    return stored;
  }
}

export const DIRECTORIES: ArtifactsDirectory[] = [
  {
    artifacts_dir: "hard_stable_w32",
    complete: true,
    missing: [],
    d_in: 32,
    d_latent: 128,
    k: 16,
    tap_index: 4,
    env: "hard_stable",
    fits: false,
    reason: "its cached observations are 6 wide, this policy takes 17",
  },
  {
    artifacts_dir: "walker2d_w32",
    complete: true,
    missing: [],
    d_in: 32,
    d_latent: 128,
    k: 16,
    tap_index: 3,
    env: "Walker2d-v5",
    fits: true,
    reason: null,
  },
  {
    artifacts_dir: "walker2d_shifted",
    complete: true,
    missing: [],
    d_in: 32,
    d_latent: 128,
    k: 16,
    tap_index: 1,
    env: "Walker2d-v5",
    fits: true,
    reason: null,
  },
  {
    artifacts_dir: "half_done",
    complete: false,
    missing: ["walker_sae.pt"],
    d_in: null,
    d_latent: null,
    k: null,
    tap_index: null,
    env: null,
    fits: null,
    reason: null,
  },
];

export const DEMOS: Demo[] = [
  {
    id: "walker2d",
    title: "Walker2d, 32 units",
    description:
      "Clone of a PPO expert that walks at 4 m/s. SAE with 128 features on its second hidden layer.",
    env: "Walker2d-v5",
    artifacts_dir: "walker2d_w32",
    tap_index: 3,
    available: true,
  },
  {
    id: "hard_stable",
    title: "Hard-to-imitate linear system",
    description:
      "Six states, no body: small errors of the clone grow, so the effect of a push is easy to see.",
    env: "hard_stable",
    artifacts_dir: "hard_stable_w32",
    tap_index: 3,
    available: true,
  },
];
