// Which feet are on the floor: the geometry of the pose alone, as the server's contact gates have it.
import type { MjData } from "@mujoco/mujoco";

import type { Physics } from "@/lib/types";

import type { Live, Simulation } from "./mujoco";

interface Geom {
  id: number;
  radius: number;
  half: number;
  margin: number;
}

export class Feet {
  private readonly geoms: Map<string, Geom[]>;
  /** A pose of its own: the simulation's holds what the environment is paid by. */
  private readonly pose: MjData;

  constructor(
    private readonly sim: Simulation,
    feet: Physics["feet"],
  ) {
    this.geoms = new Map(
      Object.entries(feet).map(([leg, names]) => [leg, names.map((name) => this.geom(name))]),
    );
    this.pose = new sim.mj.MjData(sim.model);
  }

  /** Whether a geom of this leg's foot, a capsule or a sphere, lies so low that MuJoCo makes a contact. */
  touches(leg: string): boolean {
    const { mj, model, data } = this.sim;
    (this.pose.qpos as Live).set(data.qpos as Live);
    mj.mj_kinematics(model, this.pose);
    const [places, turns] = [this.pose.geom_xpos as Live, this.pose.geom_xmat as Live];
    return (this.geoms.get(leg) ?? []).some(({ id, radius, half, margin }) => {
      const lowest = (places[3 * id + 2] ?? 0) - Math.abs(turns[9 * id + 8] ?? 0) * half - radius;
      return lowest < margin;
    });
  }

  dispose() {
    this.pose.delete();
  }

  /** MuJoCo adds the margins of two geoms. */
  private geom(name: string): Geom {
    const { mj, model } = this.sim;
    const find = (wanted: string) => mj.mj_name2id(model, mj.mjtObj.mjOBJ_GEOM.value, wanted);
    const [id, floor] = [find(name), find("floor")];
    const [sizes, margins] = [model.geom_size as Live, model.geom_margin as Live];
    return {
      id,
      radius: sizes[3 * id] ?? 0,
      half: sizes[3 * id + 1] ?? 0,
      margin: (margins[id] ?? 0) + (margins[floor] ?? 0),
    };
  }
}
