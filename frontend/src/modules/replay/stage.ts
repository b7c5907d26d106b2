// The 3-D stage: one canvas, one WebGL context, a pane for each arm or all arms in one.
import {
  BufferAttribute,
  BufferGeometry,
  CanvasTexture,
  Color,
  DirectionalLight,
  Fog,
  HemisphereLight,
  Line,
  LineBasicMaterial,
  Mesh,
  MeshBasicMaterial,
  PerspectiveCamera,
  PlaneGeometry,
  RepeatWrapping,
  Scene as World,
  SRGBColorSpace,
  Vector3,
  WebGLRenderer,
} from "three";

import type { Drawing } from "@/lib/types";

import { channelOf, valueAt, type ReplayArm } from "./decode";
import { Figure, type Paint } from "./figure";
import { bodyPoses } from "./kinematics";
import { Resolution } from "./resolution";
import { webgl } from "./webgl";

export interface StageOptions {
  layout: "panes" | "overlay";
  follow: boolean;
  trails: boolean;
  paint: Paint;
  /** Activation at which the paint "feature" is full; the largest on show by default. */
  peak?: number;
}

export interface Palette {
  dark: boolean;
  background: string;
  tile: string;
  calm: string;
  arms: string[];
  /** The arms' colours dark enough for text. */
  inks: string[];
}

interface Actor {
  arm: ReplayArm;
  figure: Figure;
  trail: Line;
  peak: number;
}

const COARSEST = 0.4; // pixels drawn per pixel of the page, where software draws
const PICTURE = 3;
const FLOOR = 120;
const HEIGHT_ABOVE = 0.35;

export class Stage {
  private readonly renderer: WebGLRenderer;
  private readonly resolution: Resolution;
  private readonly finest: number;
  private fine = true;
  private readonly world = new World();
  private readonly camera = new PerspectiveCamera(38, 1, 0.05, 80);
  private readonly actors: Actor[];
  private readonly floor: Mesh | undefined;
  private readonly reach: number;
  private readonly still: Vector3;
  private azimuth: number;
  private elevation = 0.16;
  private zoom = 1;
  private width = 1;
  private height = 1;

  /** Throws an Error where the browser has no WebGL. */
  constructor(canvas: HTMLCanvasElement, scene: Drawing, arms: ReplayArm[], palette: Palette) {
    const smooth = webgl() === "hardware";
    this.renderer = new WebGLRenderer({ canvas, antialias: smooth, powerPreference: "low-power" });
    this.finest = smooth ? Math.min(2, window.devicePixelRatio) : 1;
    this.resolution = new Resolution(this.finest, smooth ? 1 : COARSEST);
    this.renderer.setPixelRatio(this.finest);
    this.renderer.setScissorTest(true);
    const background = new Color(palette.background);
    this.world.background = background;
    this.camera.up.set(0, 0, 1);
    this.actors = arms.map((arm, index) => this.actor(scene, arm, palette, index));
    const { reach, centre } = extent(scene, arms[0]);
    this.reach = reach;
    this.still = centre;
    this.azimuth = moves(scene) ? -Math.PI / 2 : -Math.PI / 2.4;
    this.world.fog = new Fog(background, 4 * reach, 14 * reach);
    this.world.add(new HemisphereLight(0xffffff, new Color(palette.tile), 1.9));
    const sun = new DirectionalLight(0xffffff, 1.7);
    sun.position.set(-1, -2, 3);
    this.world.add(sun);
    if ((scene.geoms ?? []).some((geom) => geom.type === "plane")) {
      this.floor = chequered(palette, scene);
      this.world.add(this.floor);
    }
  }

  resize(width: number, height: number) {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.renderer.setSize(this.width, this.height, false);
  }

  /** Turn and zoom by what the pointer moved, in pixels and wheel notches. */
  orbit(dx: number, dy: number, notches = 0) {
    this.azimuth -= dx * 0.008;
    this.elevation = Math.min(1.4, Math.max(-0.05, this.elevation + dy * 0.006));
    this.zoom = Math.min(4, Math.max(0.35, this.zoom * 1.1 ** notches));
  }

  /** `moving`: one of many frames, which may be coarser so that they keep up; a still one is drawn finely. */
  draw(step: number, options: StageOptions, moving = false) {
    this.sharpen(moving);
    this.render(step, options);
  }

  /** For a picture that is kept, finer than the screen; draw again afterwards. */
  drawPicture(step: number, options: StageOptions) {
    this.fine = false;
    this.renderer.setPixelRatio(PICTURE);
    this.render(step, options);
  }

  private render(step: number, options: StageOptions) {
    const overlay = options.layout === "overlay";
    for (const actor of this.actors) {
      actor.figure.pose(actor.arm, step, options.paint, this.glow(actor, step, options.peak));
      const ended = step >= actor.arm.length;
      actor.figure.fade((overlay ? 0.72 : 1) * (ended ? 0.4 : 1));
      actor.trail.visible = options.trails;
      actor.trail.geometry.setDrawRange(0, Math.min(step + 1, actor.arm.length));
    }
    const panes = overlay ? 1 : this.actors.length;
    const width = Math.floor(this.width / panes);
    for (let pane = 0; pane < panes; pane++) {
      for (const [index, { figure, trail }] of this.actors.entries()) {
        figure.group.visible = overlay || index === pane;
        trail.visible = options.trails && figure.group.visible;
      }
      this.aim(overlay ? 0 : pane, width / this.height, options.follow);
      this.renderer.setViewport(pane * width, 0, width, this.height);
      this.renderer.setScissor(pane * width, 0, width, this.height);
      this.renderer.render(this.world, this.camera);
    }
  }

  private sharpen(moving: boolean) {
    const changed = moving && this.resolution.frame(performance.now());
    if (!changed && this.fine !== moving) return;
    this.fine = !moving;
    this.renderer.setPixelRatio(moving ? this.resolution.ratio : this.finest);
  }

  dispose() {
    for (const { figure, trail } of this.actors) {
      figure.dispose();
      trail.geometry.dispose();
    }
    this.renderer.dispose();
  }

  private actor(scene: Drawing, arm: ReplayArm, palette: Palette, index: number): Actor {
    const color = new Color(palette.arms[index] ?? palette.calm);
    const figure = new Figure(scene, {
      color,
      calm: new Color(palette.calm),
      shade: palette.dark ? 0.4 : 0.16,
    });
    const trail = new Line(trailOf(scene, arm), new LineBasicMaterial({ color }));
    trail.frustumCulled = false;
    this.world.add(figure.group, trail);
    const peak = Math.max(1e-9, ...channelOf(arm.signals.features, 0));
    return { arm, figure, trail, peak };
  }

  private glow({ arm }: Actor, step: number, peak?: number): number {
    const most = peak ?? Math.max(...this.actors.map((actor) => actor.peak));
    return valueAt(arm.signals.features, 0, step) / most;
  }

  private aim(pane: number, aspect: number, follow: boolean) {
    const [x, y, z] = follow ? (this.actors[pane]?.figure.focus ?? [0, 0, 0]) : this.still.toArray();
    // Follow sideways at once, but keep the horizon still: bodies bob, cameras should not.
    const target = new Vector3(x, y, follow ? 0.5 * (z + this.still.z) : z);
    const distance = (this.reach * 2.6 * Math.max(1, 1 / aspect)) / this.zoom;
    const flat = Math.cos(this.elevation) * distance;
    this.camera.position.set(
      target.x + Math.cos(this.azimuth) * flat,
      target.y + Math.sin(this.azimuth) * flat,
      Math.max(0.05, target.z + Math.sin(this.elevation) * distance + HEIGHT_ABOVE * 0.2 * this.reach),
    );
    this.camera.aspect = aspect;
    this.camera.lookAt(target);
    this.camera.updateProjectionMatrix();
    this.floor?.position.set(2 * Math.round(x / 2), 2 * Math.round(y / 2), this.floor.position.z);
  }
}

/** Whether the body can leave its place. */
export function moves(scene: Drawing): boolean {
  const root = scene.bodies?.[scene.follow ?? 1]?.joints ?? [];
  return root.some(
    (joint) => joint.type === "free" || (joint.type === "slide" && joint.name.startsWith("root")),
  );
}

/** How far the body reaches from its centre in the first step, and where that centre is. */
function extent(scene: Drawing, arm: ReplayArm | undefined): { reach: number; centre: Vector3 } {
  const poses = bodyPoses(scene.bodies ?? [], (address) => valueAt(arm?.signals.qpos, address, 0));
  const points = (scene.geoms ?? [])
    .filter((geom) => geom.type !== "plane" && geom.body > 0)
    .map((geom) => new Vector3(...(poses[geom.body]?.position ?? [0, 0, 0])));
  const low = points.reduce(
    (a, b) => a.clone().min(b),
    new Vector3(0, 0, 0).copy(points[0] ?? new Vector3()),
  );
  const high = points.reduce((a, b) => a.clone().max(b), low.clone());
  const size = high.clone().sub(low).length();
  return { reach: Math.max(0.35, 0.75 * size + 0.25), centre: low.clone().add(high).multiplyScalar(0.5) };
}

function trailOf(scene: Drawing, arm: ReplayArm): BufferGeometry {
  const follow = scene.follow ?? 1;
  const points = new Float32Array(3 * arm.length);
  for (let step = 0; step < arm.length; step++) {
    const poses = bodyPoses(scene.bodies ?? [], (address) => valueAt(arm.signals.qpos, address, step));
    points.set(poses[follow]?.position ?? [0, 0, 0], 3 * step);
  }
  return new BufferGeometry().setAttribute("position", new BufferAttribute(points, 3));
}

function chequered(palette: Palette, scene: Drawing): Mesh {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const paint = canvas.getContext("2d");
  if (paint) {
    paint.fillStyle = palette.background;
    paint.fillRect(0, 0, 64, 64);
    paint.fillStyle = palette.tile;
    paint.fillRect(0, 0, 32, 32);
    paint.fillRect(32, 32, 32, 32);
  }
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  texture.flipY = false; // a second stage on the same canvas would inherit the flip, which 3-D textures refuse
  texture.wrapS = texture.wrapT = RepeatWrapping;
  texture.repeat.set(FLOOR / 2, FLOOR / 2);
  const floor = new Mesh(new PlaneGeometry(FLOOR, FLOOR), new MeshBasicMaterial({ map: texture }));
  floor.position.z = scene.geoms?.find((geom) => geom.type === "plane")?.pos[2] ?? 0;
  return floor;
}
