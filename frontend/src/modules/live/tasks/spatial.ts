// Ant, Humanoid and HumanoidStandup: free bodies in space that feel their contacts.
import type { Live } from "../sim/mujoco";
import type { Vec } from "../sim/packed";
import { clip, joined, Reader, squares, within, type Outcome, type Task } from "./task";

const TORSO = 1;

abstract class Free extends Reader {
  contacts = true;

  protected get posture(): Live[] {
    return [this.qpos.subarray(2), this.qvel];
  }

  protected get forces(): Live {
    return this.sim.data.cfrc_ext as Live;
  }
}

export class Ant extends Free implements Task {
  observe(): Vec {
    return joined(...this.posture, this.felt().subarray(6));
  }

  before() {
    return this.place(TORSO)[0] ?? 0;
  }

  outcome(before: number, action: Vec): Outcome {
    const speed = ((this.place(TORSO)[0] ?? 0) - before) / this.physics.dt;
    const [low, high] = this.range("healthy_z_range");
    const z = this.qpos[2] ?? 0;
    const healthy = [...this.qpos, ...this.qvel].every(Number.isFinite) && low <= z && z <= high;
    const cost =
      this.number("ctrl_cost_weight") * squares(action) +
      this.number("contact_cost_weight") * squares(this.felt());
    const bonus = healthy ? this.number("healthy_reward") : 0;
    return { reward: speed * this.number("forward_reward_weight") + bonus - cost, terminated: !healthy };
  }

  private felt() {
    const range = this.range("contact_force_range");
    return this.forces.map((value) => clip(value, ...range));
  }
}

abstract class HumanoidLike extends Free {
  observe(): Vec {
    const { data } = this.sim;
    return joined(
      ...this.posture,
      (data.cinert as Live).subarray(10),
      (data.cvel as Live).subarray(6),
      (data.qfrc_actuator as Live).subarray(6),
      this.forces.subarray(6),
    );
  }
}

export class Humanoid extends HumanoidLike implements Task {
  before() {
    return this.centre();
  }

  outcome(before: number, action: Vec): Outcome {
    const healthy = within(this.qpos[2] ?? 0, this.range("healthy_z_range"));
    const forward = this.number("forward_reward_weight") * ((this.centre() - before) / this.physics.dt);
    const effort = this.number("ctrl_cost_weight") * squares(action);
    const contact = clip(
      this.number("contact_cost_weight") * squares(this.forces),
      ...this.range("contact_cost_range"),
    );
    const bonus = healthy ? this.number("healthy_reward") : 0;
    return { reward: forward + bonus - (effort + contact), terminated: !healthy };
  }

  /** x of the centre of mass. */
  private centre(): number {
    const mass = this.sim.model.body_mass as Live;
    const places = this.sim.data.xipos as Live;
    let [sum, total] = [0, 0];
    for (const [body, each] of mass.entries()) {
      sum += each * (places[3 * body] ?? 0);
      total += each;
    }
    return sum / total;
  }
}

export class HumanoidStandup extends HumanoidLike implements Task {
  before() {
    return 0;
  }

  outcome(_: number, action: Vec): Outcome {
    const height = (this.qpos[2] ?? 0) / this.sim.model.opt.timestep;
    const effort = this.number("ctrl_cost_weight") * squares(action);
    const impact = clip(
      this.number("impact_cost_weight") * squares(this.forces),
      ...this.range("impact_cost_range"),
    );
    return { reward: height - effort - impact + 1, terminated: false };
  }
}
