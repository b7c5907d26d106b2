export type Webgl = "none" | "software" | "hardware";

let known: Webgl | undefined;

/** What draws here. Software can keep up only without smoothing and at one pixel per pixel. */
export function webgl(): Webgl {
  known ??= probe();
  return known;
}

function probe(): Webgl {
  const context = document.createElement("canvas").getContext("webgl2");
  if (!context) return "none";
  const info = context.getExtension("WEBGL_debug_renderer_info");
  const name: unknown = info ? context.getParameter(info.UNMASKED_RENDERER_WEBGL) : "";
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software/i.test(String(name)) ? "software" : "hardware";
}
