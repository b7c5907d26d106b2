// What the browser computes against what the server recorded (backend/tools/live_fixture.py).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { beforeAll, describe, expect, test } from "vitest";

import type { LiveNetwork, Physics } from "@/lib/types";

import recorded from "./parity.fixture.json";
import { ClosedLoop, makeBrain } from "./sim/loop";
import { loadMujoco, Simulation, type Live, type Mujoco } from "./sim/mujoco";
import { unpack } from "./sim/packed";
import { makeTask } from "./tasks";

interface Mark {
  step: number;
  state: number[];
  return: number;
  terminated: boolean;
  seen?: number[];
}

interface OpenCase {
  physics: Physics;
  start: number[];
  actions: string;
  marks: Mark[];
}

interface ClosedCase {
  physics: Physics;
  network: LiveNetwork;
  starts: number[][];
  arms: {
    feature: number;
    values: number[];
    episodes: { length: number; fell: boolean; return: number }[];
  }[];
}

const { open, closed } = recorded as unknown as { open: OpenCase[]; closed: ClosedCase };

/** MuJoCo 4 integrates the turn of a free joint otherwise under RK4; the package for browsers is older. */
const FREE = new Set(["Ant", "Humanoid", "HumanoidStandup"]);
/** Falling poles double a rounding error every few steps: 1e-16 becomes 1e-11 within 100. */
const CHAOTIC = new Set(["InvertedDoublePendulum"]);

/** Steps after which a walker has forgotten the last bit of its state; 1e-15 has then grown to a stride. */
const FORESEEABLE = 600;

let mj: Mujoco;

beforeAll(async () => {
  const file = createRequire(import.meta.url).resolve("@mujoco/mujoco/mujoco.wasm");
  mj = await loadMujoco({ wasmBinary: readFileSync(file) });
});

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, index) => Math.abs(value - b[index]!)));
};

describe("open loop: the same actions give the same states", () => {
  test.each(open.map((each) => [each.physics.task, each] as const))("%s", (name, each) => {
    const sim = Simulation.open(mj, each.physics);
    const task = makeTask(sim, each.physics);
    const actions = unpack({ data: each.actions, shape: [] });
    const marks = new Map(each.marks.map((mark) => [mark.step, mark]));
    const last = FREE.has(name) ? 1 : CHAOTIC.has(name) ? 100 : 300;
    const close = FREE.has(name) ? 1e-5 : 1e-10;
    let total = 0;
    sim.begin(each.start);
    for (let step = 1; step <= last; step++) {
      const action = actions.slice((step - 1) * sim.low.length, step * sim.low.length);
      const before = task.before();
      sim.step(action, task.contacts);
      const { reward, terminated } = task.outcome(before, action);
      total += reward;
      const mark = marks.get(step);
      if (!mark) continue;
      expect(distance([...(sim.data.qpos as Live), ...(sim.data.qvel as Live)], mark.state)).toBeLessThan(
        close,
      );
      expect(terminated).toBe(mark.terminated);
      // the control cost is a float32 on the server, and contact forces of a free body differ with its state
      expect(Math.abs(total - mark.return)).toBeLessThan(FREE.has(name) ? 2e-2 : 1e-4);
      if (mark.seen) expect(distance(task.observe(), mark.seen)).toBeLessThan(FREE.has(name) ? 1e-1 : close);
    }
    sim.dispose();
  });

  test("all eleven environments", () => expect(open).toHaveLength(11));
});

test("closed loop: a dose moved by hand ends at the same step as on the server", () => {
  const brain = makeBrain(closed.network);
  const loop = new ClosedLoop(mj, closed.physics, brain, 1);
  const cases = closed.arms.flatMap(({ feature, values, episodes }) =>
    episodes.map((episode, index) => {
      loop.begin(closed.starts[index]!);
      while (!loop.over) loop.step([{ feature, alpha: values[loop.steps] ?? 0, gate: null }]);
      return { ours: loop.steps, theirs: episode.length, fell: [loop.fell, episode.fell], off: loop.total - episode.return }; // prettier-ignore
    }),
  );
  loop.dispose();
  const foreseeable = cases.filter(({ theirs }) => theirs <= FORESEEABLE);
  const same = foreseeable.filter(({ ours, theirs, fell }) => ours === theirs && fell[0] === fell[1]);
  expect(foreseeable.length).toBeGreaterThanOrEqual(15);
  expect(same.length).toBeGreaterThanOrEqual(foreseeable.length - 1);
  expect(Math.max(...same.map(({ off }) => Math.abs(off)))).toBeLessThan(1e-3);
});
