// Environments without bodies, drawn in the plane from what was observed. Lengths are the environments' own.
import type { Plane } from "@/lib/svg-context";

import { valueAt, type ReplayArm } from "./decode";

export interface Pen {
  context: Plane;
  width: number;
  height: number;
  /** The arm's colour, of lines that matter less, and of text. */
  color: string;
  line: string;
  ink: string;
}

type Sketch = (pen: Pen, arm: ReplayArm, step: number) => void;
type Point = [x: number, y: number];

function path({ context }: Pen, points: Point[], color: string, width: number) {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.beginPath();
  for (const [index, [x, y]] of points.entries()) {
    if (index === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.stroke();
}

function disc({ context }: Pen, [x, y]: Point, radius: number, color: string) {
  context.fillStyle = color;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

const seen = (arm: ReplayArm, channel: number, step: number) =>
  valueAt(arm.signals.observations, channel, step);

/** The pendulum of Pendulum-v1: cos θ and sin θ are observed, θ = 0 is upright. */
const pendulum: Sketch = (pen, arm, step) => {
  const length = 0.38 * Math.min(pen.width, pen.height);
  const middle: Point = [pen.width / 2, pen.height / 2];
  const tip: Point = [middle[0] - length * seen(arm, 1, step), middle[1] - length * seen(arm, 0, step)];
  path(pen, [middle, tip], pen.color, 14);
  disc(pen, middle, 5, pen.ink);
};

/** CartPole-v1: half length of the pole 0.5 m, track ±2.4 m. */
const cartPole: Sketch = (pen, arm, step) => {
  const scale = pen.width / 5.2;
  const ground = pen.height * 0.72;
  const x = pen.width / 2 + scale * seen(arm, 0, step);
  const angle = seen(arm, 2, step);
  path(
    pen,
    [
      [0, ground],
      [pen.width, ground],
    ],
    pen.line,
    1,
  );
  pen.context.fillStyle = pen.ink;
  pen.context.fillRect(x - 0.25 * scale, ground - 0.15 * scale, 0.5 * scale, 0.3 * scale);
  const foot: Point = [x, ground - 0.15 * scale];
  path(pen, [foot, [foot[0] + scale * Math.sin(angle), foot[1] - scale * Math.cos(angle)]], pen.color, 7);
};

/** LunarLander-v3: position in units of half the viewport, from the landing pad; angle in radians. */
const lunarLander: Sketch = (pen, arm, step) => {
  const ground = pen.height * 0.84;
  const scale = pen.height * 0.5;
  const x = pen.width / 2 + 0.5 * pen.width * seen(arm, 0, step);
  const y = ground - scale * seen(arm, 1, step) - 10;
  path(
    pen,
    [
      [0, ground],
      [pen.width, ground],
    ],
    pen.line,
    1,
  );
  path(
    pen,
    [
      [pen.width * 0.4, ground],
      [pen.width * 0.6, ground],
    ],
    pen.ink,
    3,
  );
  const { context } = pen;
  context.save();
  context.translate(x, y);
  context.rotate(-seen(arm, 4, step));
  for (const [side, channel] of [
    [-1, 6],
    [1, 7],
  ] as const) {
    const touches = seen(arm, channel, step) > 0.5;
    path(
      pen,
      [
        [side * 8, 4],
        [side * 15, 14],
      ],
      touches ? pen.color : pen.ink,
      3,
    );
  }
  context.fillStyle = pen.color;
  context.beginPath();
  context.moveTo(-12, 6);
  context.lineTo(-9, -10);
  context.lineTo(9, -10);
  context.lineTo(12, 6);
  context.fill();
  context.restore();
};

/** BipedalWalker-v3: hull angle and joint angles are observed, its place and the terrain are not. */
const bipedalWalker: Sketch = (pen, arm, step) => {
  const unit = pen.height / 5;
  const hip: Point = [pen.width / 2, pen.height * 0.45];
  const hull = seen(arm, 0, step);
  const along = (from: Point, angle: number, length: number): Point => [
    from[0] + length * Math.sin(angle),
    from[1] + length * Math.cos(angle),
  ];
  for (const [joint, color] of [
    [9, pen.ink],
    [4, pen.color],
  ] as const) {
    const thigh = hull + seen(arm, joint, step);
    const knee = along(hip, thigh, unit);
    const foot = along(knee, thigh + seen(arm, joint + 2, step) - 1, unit);
    path(pen, [hip, knee, foot], color, 9);
    if (seen(arm, joint + 4, step) > 0.5) disc(pen, foot, 7, color);
  }
  path(
    pen,
    [along(hip, hull + Math.PI / 2, -0.7 * unit), along(hip, hull + Math.PI / 2, 0.7 * unit)],
    pen.color,
    20,
  );
};

/** hard_stable: the path of its two numbers. */
const portrait: Sketch = (pen, arm, step) => {
  const data = arm.signals.observations?.data ?? new Float32Array();
  const reach = 2 ** Math.ceil(Math.log2(Math.max(1, ...data.map(Math.abs))));
  const scale = (0.46 * Math.min(pen.width, pen.height)) / reach;
  const at = (t: number): Point => [
    pen.width / 2 + scale * seen(arm, 0, t),
    pen.height / 2 - scale * seen(arm, 1, t),
  ];
  path(
    pen,
    [
      [0, pen.height / 2],
      [pen.width, pen.height / 2],
    ],
    pen.line,
    1,
  );
  path(
    pen,
    [
      [pen.width / 2, 0],
      [pen.width / 2, pen.height],
    ],
    pen.line,
    1,
  );
  pen.context.fillStyle = pen.ink;
  pen.context.font = "11px sans-serif";
  pen.context.fillText(`x₁, x₂ within ±${String(reach)}`, 10, pen.height - 10);
  const shown = Math.min(step, arm.length - 1);
  path(
    pen,
    Array.from({ length: shown + 1 }, (_, t) => at(t)),
    pen.color,
    2,
  );
  disc(pen, at(shown), 5, pen.color);
};

export const SKETCHES: Partial<Record<string, Sketch>> = {
  pendulum,
  cart_pole: cartPole,
  lunar_lander: lunarLander,
  bipedal_walker: bipedalWalker,
  portrait,
};
