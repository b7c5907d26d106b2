// One body as three.js meshes: made once from the scene, moved by forward kinematics at every frame.
import {
  BoxGeometry,
  CapsuleGeometry,
  Color,
  CylinderGeometry,
  Group,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  SphereGeometry,
  type BufferGeometry,
} from "three";

import type { Drawing } from "@/lib/types";

import { valueAt, type ReplayArm } from "./decode";
import { bodyPoses, place, type Vector } from "./kinematics";

export type Geom = NonNullable<Drawing["geoms"]>[number];
export type Paint = "arm" | "torque" | "feature";

const SHADES = [0, 0.28, -0.22, 0.45];
const SHADOW_HEIGHT = 0.004;

export interface FigureOptions {
  color: Color;
  /** What the figure fades to where no torque acts. */
  calm: Color;
  /** Opacity of the shadow on the floor. */
  shade: number;
}

interface Part {
  geom: Geom;
  mesh: Mesh<BufferGeometry, MeshLambertMaterial>;
  own: Color;
}

function shapeOf({ type, size }: Geom): BufferGeometry {
  const [a = 0.05, b = 0.05, c = 0.05] = size;
  if (type === "box") return new BoxGeometry(2 * a, 2 * b, 2 * c);
  if (type === "sphere") return new SphereGeometry(a, 20, 14);
  if (type === "ellipsoid") return new SphereGeometry(1, 20, 14).scale(a, b, c);
  // three.js lays these along y, MuJoCo along z
  if (type === "cylinder") return new CylinderGeometry(a, a, 2 * b, 20).rotateX(Math.PI / 2);
  return new CapsuleGeometry(a, 2 * b, 6, 14).rotateX(Math.PI / 2);
}

/** Left and right differ in the model file's colours; here they differ in shade of the arm's colour. */
function shaded(color: Color, geom: Geom, colours: string[]): Color {
  const key = geom.rgba.join();
  if (!colours.includes(key)) colours.push(key);
  const shade = SHADES[colours.indexOf(key) % SHADES.length] ?? 0;
  return color.clone().lerp(new Color(shade < 0 ? 0x000000 : 0xffffff), Math.abs(shade));
}

export class Figure {
  readonly group = new Group();
  /** Where the camera looks: the followed body. */
  focus: Vector = [0, 0, 0];
  private readonly parts: Part[];
  private readonly shadows = new Group();
  private readonly scene: Drawing;
  private readonly options: FigureOptions;

  constructor(scene: Drawing, options: FigureOptions) {
    this.scene = scene;
    this.options = options;
    const colours: string[] = [];
    const solid = (scene.geoms ?? []).filter((geom) => geom.type !== "plane");
    const dark = new MeshBasicMaterial({ color: 0x000000, transparent: true, opacity: options.shade });
    dark.depthWrite = false;
    this.parts = solid.map((geom) => {
      const own = shaded(options.color, geom, colours);
      const mesh = new Mesh(shapeOf(geom), new MeshLambertMaterial({ color: own }));
      const shadow = new Mesh(mesh.geometry, dark);
      shadow.matrixAutoUpdate = false;
      this.shadows.add(shadow);
      return { geom, mesh, own };
    });
    this.group.add(...this.parts.map((part) => part.mesh), this.shadows);
    this.shadows.visible = (scene.geoms ?? []).some((geom) => geom.type === "plane");
  }

  /** Stand as in `step` of the recorded arm, painted as asked; `glow` runs from 0 to 1. */
  pose(arm: ReplayArm, step: number, paint: Paint, glow: number) {
    const { qpos, actions, contacts } = arm.signals;
    const poses = bodyPoses(this.scene.bodies ?? [], (address) => valueAt(qpos, address, step));
    this.focus = poses[this.scene.follow ?? 1]?.position ?? [0, 0, 0];
    let foot = 0;
    for (const [index, { geom, mesh, own }] of this.parts.entries()) {
      const body = poses[geom.body];
      if (!body) continue;
      const { position, turn } = place(body, geom);
      mesh.position.set(...position);
      mesh.quaternion.set(turn[1], turn[2], turn[3], turn[0]);
      this.shade(index, mesh);
      const strength = this.strength(paint, geom, (motor) => valueAt(actions, motor, step), glow);
      mesh.material.color.copy(this.options.calm).lerp(own, strength);
      const stands = geom.foot && valueAt(contacts, foot++, step) > 0;
      mesh.material.emissive.copy(own).multiplyScalar(stands ? 0.55 : 0);
    }
  }

  /** Fade figures that have stopped, and make overlaid ones transparent. */
  fade(opacity: number) {
    for (const { mesh } of this.parts) {
      if (mesh.material.transparent !== opacity < 1) {
        mesh.material.transparent = opacity < 1;
        mesh.material.needsUpdate = true; // opaque materials are compiled without alpha
      }
      mesh.material.opacity = opacity;
    }
  }

  dispose() {
    for (const { mesh } of this.parts) {
      mesh.geometry.dispose();
      mesh.material.dispose();
    }
  }

  private strength(paint: Paint, geom: Geom, action: (motor: number) => number, glow: number): number {
    if (paint === "arm") return 1;
    if (paint === "feature") return 0.12 + 0.88 * glow;
    const motors = this.scene.motors ?? [];
    const pulls = motors.map((motor, index) => (motor.body === geom.body ? Math.abs(action(index)) : 0));
    return Math.min(1, 0.12 + Math.max(0, ...pulls));
  }

  /** A flat shadow: the same shape, pressed onto the floor along a slanted light. */
  private shade(index: number, mesh: Mesh) {
    const shadow = this.shadows.children[index];
    if (!shadow) return;
    mesh.updateMatrix();
    const e = mesh.matrix.elements;
    const m = shadow.matrix.elements;
    for (let column = 0; column < 4; column++) {
      const at = 4 * column;
      const height = e[at + 2] ?? 0;
      m[at] = (e[at] ?? 0) + 0.25 * height;
      m[at + 1] = (e[at + 1] ?? 0) + 0.35 * height;
      m[at + 2] = column === 3 ? SHADOW_HEIGHT : 0;
      m[at + 3] = e[at + 3] ?? 0;
    }
    shadow.matrixWorldNeedsUpdate = true;
  }
}
