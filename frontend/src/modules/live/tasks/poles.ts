// InvertedPendulum and InvertedDoublePendulum: a cart that keeps poles upright.
import type { Live } from "../sim/mujoco";
import type { Vec } from "../sim/packed";
import { clip, joined, Reader, type Outcome, type Task } from "./task";

export class InvertedPendulum extends Reader implements Task {
  contacts = false;

  observe(): Vec {
    return joined(this.qpos, this.qvel);
  }

  before() {
    return 0;
  }

  outcome(): Outcome {
    const terminated = !this.observe().every(Number.isFinite) || Math.abs(this.qpos[1] ?? 0) > 0.2;
    return { reward: terminated ? 0 : 1, terminated };
  }
}

export class InvertedDoublePendulum extends Reader implements Task {
  contacts = false;

  observe(): Vec {
    const angles = this.qpos.subarray(1);
    const force = (this.sim.data.qfrc_constraint as Live)[0] ?? 0;
    const velocity = this.qvel.map((value) => clip(value, -10, 10));
    return joined(
      [this.qpos[0] ?? 0],
      angles.map(Math.sin),
      angles.map(Math.cos),
      velocity,
      [clip(force, -10, 10)], // prettier-ignore
    );
  }

  before() {
    return 0;
  }

  outcome(): Outcome {
    const [x = 0, , y = 0] = this.sim.data.site_xpos as Live;
    const [, v1 = 0, v2 = 0] = this.qvel;
    const terminated = y <= 1;
    const cost = 0.01 * x ** 2 + (y - 2) ** 2 + 1e-3 * v1 ** 2 + 5e-3 * v2 ** 2;
    return { reward: (terminated ? 0 : this.number("healthy_reward")) - cost, terminated };
  }
}
