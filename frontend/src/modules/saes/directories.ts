import type { ArtifactsDirectory, Model } from "@/lib/types";

export const isUsable = (directory: ArtifactsDirectory) => directory.complete && directory.fits !== false;

/** The directory to offer first: complete, fitting, made in the model's own environment if that is known. */
export function bestDirectory(
  directories: readonly ArtifactsDirectory[],
  model: Model,
): ArtifactsDirectory | undefined {
  const usable = directories.filter(isUsable);
  return usable.find((each) => each.env !== null && each.env === model.metadata.env) ?? usable[0];
}

/** One line under a directory's name: what is in it, or why it cannot be used. */
export function directoryNote(directory: ArtifactsDirectory): string {
  if (directory.fits === false && directory.reason) return directory.reason;
  if (!directory.complete) return `missing ${directory.missing.join(", ")}`;
  const facts = [
    directory.d_latent === null ? null : `${directory.d_latent} features of ${directory.d_in ?? "?"} units`,
    directory.k === null ? null : `k ${directory.k}`,
    directory.tap_index === null ? null : `tap ${directory.tap_index}`,
    directory.env,
  ];
  return facts.filter((fact) => fact !== null).join(", ");
}
