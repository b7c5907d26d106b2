import { toneOf } from "@/modules/runs/arms";
import type { RunArm } from "@/lib/types";

import type { Palette } from "./stage";

/** The page's colours as the canvas needs them; read again when the colour scheme changes. */
export function paletteOf(
  scheme: string,
  arms: readonly Pick<RunArm, "name" | "edits">[],
  shown: readonly string[],
): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  const toneByName = new Map(arms.map((arm) => [arm.name, toneOf(arm)]));
  const tones = shown.map((name) => toneByName.get(name) ?? "ink");
  return {
    dark: scheme === "dark",
    background: read("--inset"),
    tile: read("--line"),
    calm: read("--line-strong"),
    arms: tones.map((tone) => read(tone === "ink" ? "--ink-2" : `--${tone}`)),
    inks: tones.map((tone) => read(tone === "ink" ? "--ink-2" : `--${tone}-ink`)),
  };
}
