import { expect, test } from "vitest";

import type { Drawing } from "@/lib/types";

import cases from "./kinematics.fixture.json";
import { bodyPoses, place } from "./kinematics";

interface Case {
  env: string;
  bodies: NonNullable<Drawing["bodies"]>;
  geoms: NonNullable<Drawing["geoms"]>;
  poses: { qpos: number[]; geoms: number[][] }[];
}

test.each(cases as unknown as Case[])(
  "$env: every geom is where MuJoCo puts it",
  ({ bodies, geoms, poses }) => {
    expect(poses.length).toBeGreaterThan(0);
    for (const { qpos, geoms: expected } of poses) {
      const placed = bodyPoses(bodies, (address) => qpos[address]!);
      expect(expected).toHaveLength(geoms.length);
      for (const [index, geom] of geoms.entries()) {
        const { position, turn } = place(placed[geom.body]!, geom);
        const [x, y, z, ...quaternion] = expected[index]!;
        expect(Math.hypot(position[0] - x!, position[1] - y!, position[2] - z!)).toBeLessThan(1e-6);
        // q and -q are the same turn
        const dot = turn.reduce((sum, part, i) => sum + part * quaternion[i]!, 0);
        expect(1 - Math.abs(dot)).toBeLessThan(1e-6);
      }
    }
  },
);

test("all eleven MuJoCo environments are covered", () => {
  expect(new Set(cases.map((each) => each.env)).size).toBe(11);
});
