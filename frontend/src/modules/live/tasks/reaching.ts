// Reacher and Pusher: arms rewarded for bringing something close to a target.
import type { Vec } from "../sim/packed";
import { joined, Reader, squares, type Outcome, type Task } from "./task";

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.hypot(...Array.from(a, (value, index) => value - (b[index] ?? 0)));

export class Reacher extends Reader implements Task {
  contacts = false;
  private readonly tip = this.body("fingertip");
  private readonly target = this.body("target");

  observe(): Vec {
    const theta = this.qpos.subarray(0, 2);
    const [tip, target] = [this.place(this.tip), this.place(this.target)];
    const gap = [0, 1].map((axis) => (tip[axis] ?? 0) - (target[axis] ?? 0));
    return joined(
      theta.map(Math.cos),
      theta.map(Math.sin),
      this.qpos.subarray(2),
      this.qvel.subarray(0, 2),
      gap,
    );
  }

  before() {
    return 0;
  }

  outcome(_: number, action: Vec): Outcome {
    const near = distance(this.place(this.tip), this.place(this.target)) * this.number("reward_dist_weight");
    return { reward: -near - squares(action) * this.number("reward_control_weight"), terminated: false };
  }
}

export class Pusher extends Reader implements Task {
  contacts = false;
  private readonly tip = this.body("tips_arm");
  private readonly object = this.body("object");
  private readonly goal = this.body("goal");

  observe(): Vec {
    const places = [this.tip, this.object, this.goal].map((body) => this.place(body));
    return joined(this.qpos.subarray(0, 7), this.qvel.subarray(0, 7), ...places);
  }

  before() {
    return 0;
  }

  outcome(_: number, action: Vec): Outcome {
    const [tip, object, goal] = [this.place(this.tip), this.place(this.object), this.place(this.goal)];
    const near = distance(object, tip) * this.number("reward_near_weight");
    const far = distance(object, goal) * this.number("reward_dist_weight");
    const effort = squares(action) * this.number("reward_control_weight");
    return { reward: -near - far - effort, terminated: false };
  }
}
