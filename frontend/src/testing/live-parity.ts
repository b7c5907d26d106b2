// What the browser computes against what the server recorded (backend/tools/live_fixture.py); used in Node and Chromium.
import type { LiveNetwork, Physics } from "@/lib/types";
import further from "@/modules/live/parity-fresh.fixture.json";
import recorded from "@/modules/live/parity.fixture.json";
import type { Gate } from "@/modules/live/sim/edits";
import { Feet } from "@/modules/live/sim/feet";
import { ClosedLoop, makeBrain } from "@/modules/live/sim/loop";
import { Simulation, type Live, type Mujoco } from "@/modules/live/sim/mujoco";
import { unpack } from "@/modules/live/sim/packed";
import { makeTask } from "@/modules/live/tasks";

interface Mark {
  step: number;
  state: number[];
  return: number;
  terminated: boolean;
  touching: Record<string, boolean>;
  seen?: number[];
}

export interface OpenCase {
  physics: Physics;
  start: number[];
  actions: string;
  marks: Mark[];
}

interface Played {
  starts: number[][];
  arms: {
    feature: number;
    values: number[];
    gate: Gate | null;
    episodes: { length: number; fell: boolean; return: number }[];
  }[];
}

interface ClosedCase extends Played {
  physics: Physics;
  network: LiveNetwork;
}

export const { open, closed } = recorded as unknown as { open: OpenCase[]; closed: ClosedCase };
/** Fifteen cases that a rule fixed before any was played: the five strongest features, one dose, three new seeds. */
export const fresh: Played = further;

/** MuJoCo 4 integrates the turn of a free joint otherwise under RK4; the package for browsers is older. */
const FREE = new Set(["Ant", "Humanoid", "HumanoidStandup"]);
/** Falling poles double a rounding error every few steps: 1e-16 becomes 1e-11 within 100. */
const CHAOTIC = new Set(["InvertedDoublePendulum"]);

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  a.length === b.length
    ? Math.max(...Array.from(a, (value, index) => Math.abs(value - b[index]!)))
    : Infinity;

/** Largest difference at any mark, and how much is allowed. */
export interface Deviation {
  state: number;
  seen: number;
  return: number;
  ends: boolean;
  allowed: { state: number; seen: number; return: number };
}

/** The same actions, up to 300 steps. */
export function openLoop(mj: Mujoco, { physics, start, actions, marks }: OpenCase): Deviation {
  const free = FREE.has(physics.task);
  const last = free ? 1 : CHAOTIC.has(physics.task) ? 100 : 300;
  const sim = Simulation.open(mj, physics);
  const task = makeTask(sim, physics);
  const all = unpack({ data: actions, shape: [] });
  // the control cost is a float32 on the server, and contact forces of a free body differ with its state
  const allowed = free
    ? { state: 1e-5, seen: 1e-1, return: 2e-2 }
    : { state: 1e-10, seen: 1e-10, return: 1e-4 };
  const worst: Deviation = { state: 0, seen: 0, return: 0, ends: true, allowed };
  let total = 0;
  sim.begin(start);
  for (let step = 1; step <= last; step++) {
    const action = all.slice((step - 1) * sim.low.length, step * sim.low.length);
    const before = task.before();
    sim.step(action, task.contacts);
    const { reward, terminated } = task.outcome(before, action);
    total += reward;
    const mark = marks.find((each) => each.step === step);
    if (!mark) continue;
    const state = [...(sim.data.qpos as Live), ...(sim.data.qvel as Live)];
    worst.state = Math.max(worst.state, distance(state, mark.state));
    worst.return = Math.max(worst.return, Math.abs(total - mark.return));
    worst.ends &&= terminated === mark.terminated;
    if (mark.seen) worst.seen = distance(task.observe(), mark.seen);
  }
  sim.dispose();
  return worst;
}

/** By mark and leg: whether the foot is on the floor, here and on the server. */
export function touching(mj: Mujoco, { physics, marks }: OpenCase): [here: boolean, there: boolean][] {
  const sim = Simulation.open(mj, physics);
  const feet = new Feet(sim, physics.feet);
  const found = marks.flatMap(({ state, touching }) => {
    sim.begin([...state, ...new Array<number>(sim.nv).fill(0)]);
    return Object.entries(touching).map(([leg, there]): [boolean, boolean] => [feet.touches(leg), there]);
  });
  feet.dispose();
  sim.dispose();
  return found;
}

export interface Ending {
  gated: boolean;
  ours: number;
  theirs: number;
  fell: [ours: boolean, theirs: boolean];
  off: number;
}

/** A dose moved by hand: where the episode ends here and on the server. */
export function closedLoop(mj: Mujoco, { arms, starts }: Played = closed): Ending[] {
  const loop = new ClosedLoop(mj, closed.physics, makeBrain(closed.network), 1);
  const endings = arms.flatMap(({ feature, values, gate, episodes }) =>
    episodes.map((episode, index): Ending => {
      loop.begin(starts[index]!);
      while (!loop.over) loop.step([{ feature, alpha: values[loop.steps] ?? 0, gate }]);
      return {
        gated: gate !== null,
        ours: loop.steps,
        theirs: episode.length,
        fell: [loop.fell, episode.fell],
        off: Math.abs(loop.total - episode.return),
      };
    }),
  );
  loop.dispose();
  return endings;
}

/** Steps after which a walker has forgotten the last bit of its state; 1e-15 has then grown to a stride. */
const FORESEEABLE = 600;

export const foreseeable = (endings: Ending[]) => endings.filter(({ theirs }) => theirs <= FORESEEABLE);

export const same = (endings: Ending[]) =>
  endings.filter(({ ours, theirs, fell }) => ours === theirs && fell[0] === fell[1]);
