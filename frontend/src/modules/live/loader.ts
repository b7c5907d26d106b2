import wasm from "@mujoco/mujoco/mujoco.wasm?url";

import { loadMujoco } from "./sim/mujoco";

/** MuJoCo from this page's own server; about 2 MB once compressed, kept by the browser. */
export const openMujoco = () => loadMujoco({ locateFile: () => wasm });
