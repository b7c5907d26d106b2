// Drawing for nobody while a run plays: what a browser does only once, such as compiling shaders, is then done.
import type { Drawing } from "@/lib/types";

import { momentPalette } from "./palette";
import { Stage } from "./stage";
import { webgl } from "./webgl";

const ARM = { name: "", return: null, length: 1, fell: false, signals: {} };
const SIZE = 32;

let done = false;

export function rehearse(scene: Drawing) {
  if (done || scene.kind !== "bodies" || webgl() === "none") return;
  done = true;
  const canvas = document.createElement("canvas");
  const stage = new Stage(canvas, scene, [ARM], momentPalette("light"));
  stage.resize(SIZE, SIZE);
  stage.draw(0, { layout: "panes", paint: "arm", trails: false, follow: true });
  stage.dispose();
  canvas.getContext("webgl2")?.getExtension("WEBGL_lose_context")?.loseContext();
}
