// Walker2d, Hopper, HalfCheetah and Swimmer: bodies in a plane, rewarded for speed along x.
import type { Vec } from "../sim/packed";
import { clip, joined, Reader, squares, within, type Outcome, type Task } from "./task";

export class Planar extends Reader implements Task {
  contacts = false;
  protected unobserved = 1;

  observe(): Vec {
    return joined(this.qpos.subarray(this.unobserved), this.seenVelocity());
  }

  before() {
    return this.qpos[0] ?? 0;
  }

  outcome(before: number, action: Vec): Outcome {
    const speed = ((this.qpos[0] ?? 0) - before) / this.physics.dt;
    const cost = this.number("ctrl_cost_weight") * squares(action);
    return { reward: this.number("forward_reward_weight") * speed - cost, terminated: false };
  }

  protected seenVelocity(): ArrayLike<number> {
    return this.qvel;
  }
}

export class Swimmer extends Planar {
  protected override unobserved = 2;
}

/** Paid for being healthy, stopped when not. Velocities are seen clipped. */
export class Upright extends Planar {
  override outcome(before: number, action: Vec): Outcome {
    const healthy = this.healthy();
    const { reward } = super.outcome(before, action);
    return { reward: reward + (healthy ? this.number("healthy_reward") : 0), terminated: !healthy };
  }

  protected override seenVelocity() {
    return this.qvel.map((value) => clip(value, -10, 10));
  }

  protected healthy(): boolean {
    const [, z = 0, angle = 0] = this.qpos;
    return within(z, this.range("healthy_z_range")) && within(angle, this.range("healthy_angle_range"));
  }
}

export class Hopper extends Upright {
  protected override healthy(): boolean {
    const range = this.range("healthy_state_range");
    const inside = (value: number) => within(value, range);
    return super.healthy() && this.qpos.subarray(2).every(inside) && this.qvel.every(inside);
  }
}
