// The tasks of the MuJoCo family by name.
import type { Physics } from "@/lib/types";

import type { Simulation } from "../sim/mujoco";
import { Hopper, Planar, Swimmer, Upright } from "./planar";
import { InvertedDoublePendulum, InvertedPendulum } from "./poles";
import { Pusher, Reacher } from "./reaching";
import { Ant, Humanoid, HumanoidStandup } from "./spatial";
import type { Task } from "./task";

const TASKS: Partial<Record<string, new (sim: Simulation, physics: Physics) => Task>> = {
  Walker2d: Upright,
  Hopper,
  HalfCheetah: Planar,
  Swimmer,
  Ant,
  Humanoid,
  HumanoidStandup,
  InvertedPendulum,
  InvertedDoublePendulum,
  Reacher,
  Pusher,
};

/** Throws an Error for a task that this page does not know. */
export function makeTask(sim: Simulation, physics: Physics): Task {
  const made = TASKS[physics.task];
  if (!made) throw new Error(`${physics.task} cannot be played in the browser.`);
  return new made(sim, physics);
}
