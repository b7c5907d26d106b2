import { toneOf } from "@/modules/runs/arms";
import type { RunArm } from "@/lib/types";

import type { Palette } from "./stage";

const read = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const ground = (scheme: string) => ({
  dark: scheme === "dark",
  background: read("--inset"),
  tile: read("--line"),
  calm: read("--line-strong"),
});

/** For a moment of the cached episodes, which is no arm of a run. */
export const momentPalette = (scheme: string): Palette => ({
  ...ground(scheme),
  arms: [read("--accent")],
  inks: [read("--accent-ink")],
});

/** The page's colours as the canvas needs them; read again when the colour scheme changes. */
export function paletteOf(
  scheme: string,
  arms: readonly Pick<RunArm, "name" | "edits">[],
  shown: readonly string[],
): Palette {
  const toneByName = new Map(arms.map((arm) => [arm.name, toneOf(arm)]));
  const tones = shown.map((name) => toneByName.get(name) ?? "ink");
  return {
    ...ground(scheme),
    arms: tones.map((tone) => read(tone === "ink" ? "--ink-2" : `--${tone}`)),
    inks: tones.map((tone) => read(tone === "ink" ? "--ink-2" : `--${tone}-ink`)),
  };
}
