import { vi } from "vitest";

/** A canvas context that writes down, for every call, its name, its arguments and the colours at that moment. */
export function watchedCanvas(width = 100, height = 100) {
  const did: { call: string; given: number[]; fill: string; stroke: string; alpha: number }[] = [];
  const state = { fillStyle: "", strokeStyle: "", globalAlpha: 1, lineWidth: 1 };
  const context = new Proxy(state, {
    get: (target, name) =>
      name in target
        ? target[name as keyof typeof state]
        : (...given: number[]) =>
            void did.push({
              call: String(name),
              given,
              fill: target.fillStyle,
              stroke: target.strokeStyle,
              alpha: target.globalAlpha,
            }),
  });
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  vi.spyOn(canvas, "getContext").mockReturnValue(context as never);
  return { canvas, did, calls: (name: string) => did.filter(({ call }) => call === name) };
}
