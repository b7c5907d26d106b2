// Forward kinematics of MuJoCo's body tree (mj_kinematics), in float64. Quaternions are w, x, y, z.
import type { Drawing } from "@/lib/types";

type Body = NonNullable<Drawing["bodies"]>[number];
type Joint = Body["joints"][number];

/** Reads one joint position by its address in qpos. */
export type Qpos = (address: number) => number;

export type Vector = [x: number, y: number, z: number];
export type Quaternion = [w: number, x: number, y: number, z: number];

export interface Pose {
  position: Vector;
  turn: Quaternion;
}

const IDENTITY: Quaternion = [1, 0, 0, 0];

export const toVector = (values: readonly number[]): Vector => [
  values[0] ?? 0,
  values[1] ?? 0,
  values[2] ?? 0,
];

export const toQuaternion = (values: readonly number[]): Quaternion => [
  values[0] ?? 1,
  values[1] ?? 0,
  values[2] ?? 0,
  values[3] ?? 0,
];

export function multiply(a: Quaternion, b: Quaternion): Quaternion {
  const [aw, ax, ay, az] = a;
  const [bw, bx, by, bz] = b;
  return [
    aw * bw - ax * bx - ay * by - az * bz,
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
  ];
}

export function rotate([w, x, y, z]: Quaternion, [a, b, c]: Vector): Vector {
  const tx = 2 * (y * c - z * b);
  const ty = 2 * (z * a - x * c);
  const tz = 2 * (x * b - y * a);
  return [a + w * tx + y * tz - z * ty, b + w * ty + z * tx - x * tz, c + w * tz + x * ty - y * tx];
}

const plus = (a: Vector, b: Vector, factor = 1): Vector => [
  a[0] + factor * b[0],
  a[1] + factor * b[1],
  a[2] + factor * b[2],
];

function normalised(q: Quaternion): Quaternion {
  const size = Math.hypot(...q) || 1;
  return [q[0] / size, q[1] / size, q[2] / size, q[3] / size];
}

function about(axis: readonly number[], angle: number): Quaternion {
  const [x, y, z] = toVector(axis);
  const factor = Math.sin(angle / 2) / (Math.hypot(x, y, z) || 1);
  return [Math.cos(angle / 2), factor * x, factor * y, factor * z];
}

const four = (qpos: Qpos, at: number): Quaternion =>
  normalised([qpos(at), qpos(at + 1), qpos(at + 2), qpos(at + 3)]);

function moved(pose: Pose, joint: Joint, qpos: Qpos): Pose {
  const at = joint.address;
  if (joint.type === "free")
    return { position: [qpos(at), qpos(at + 1), qpos(at + 2)], turn: four(qpos, at + 3) };
  if (joint.type === "slide") {
    const along = rotate(pose.turn, toVector(joint.axis));
    return { position: plus(pose.position, along, qpos(at) - joint.rest), turn: pose.turn };
  }
  const anchor = plus(pose.position, rotate(pose.turn, toVector(joint.pos)));
  const by = joint.type === "ball" ? four(qpos, at) : about(joint.axis, qpos(at) - joint.rest);
  const turn = multiply(pose.turn, by);
  return { position: plus(anchor, rotate(turn, toVector(joint.pos)), -1), turn };
}

/** Where `part` of a body is in the world, given where the body is. */
export function place(body: Pose, part: { pos: readonly number[]; quat: readonly number[] }): Pose {
  return {
    position: plus(body.position, rotate(body.turn, toVector(part.pos))),
    turn: multiply(body.turn, toQuaternion(part.quat)),
  };
}

/** World pose of every body for one set of joint positions. */
export function bodyPoses(bodies: readonly Body[], qpos: Qpos): Pose[] {
  const world: Pose = { position: [0, 0, 0], turn: IDENTITY };
  const poses: Pose[] = [];
  for (const [index, body] of bodies.entries()) {
    const parent = index === 0 ? world : (poses[body.parent] ?? world);
    const still = index === 0 ? world : place(parent, body);
    poses.push(body.joints.reduce((pose, joint) => moved(pose, joint, qpos), still));
  }
  return poses;
}
