import type { ArtifactsDirectory, Model, SaeInfo } from "@/lib/types";

const UPLOADED = "upload: ";

/** The files an SAE was uploaded as; null where it came from an artifacts directory. */
export const uploadedFiles = ({ artifacts_dir }: SaeInfo): string | null =>
  artifacts_dir.startsWith(UPLOADED) ? artifacts_dir.slice(UPLOADED.length) : null;

/** The directory the SAE in use was loaded from, if it was. */
export const loadedDirectory = (sae: SaeInfo | null): string | undefined =>
  sae && uploadedFiles(sae) === null ? sae.artifacts_dir : undefined;

export const isUsable = (directory: ArtifactsDirectory) => directory.complete && directory.fits !== false;

/** How many of the things that the policy file records about its origin a directory shares. */
function kinship({ env, tap_index }: ArtifactsDirectory, { metadata }: Model): number {
  return Number(env !== null && env === metadata.env) * 2 + Number(tap_index === metadata.tap_index);
}

/** The directory to offer first: complete, fitting, and made in the policy's own environment at its own tap. */
export function bestDirectory(
  directories: readonly ArtifactsDirectory[],
  model: Model,
): ArtifactsDirectory | undefined {
  return directories
    .filter(isUsable)
    .reduce<ArtifactsDirectory | undefined>(
      (best, each) => (!best || kinship(each, model) > kinship(best, model) ? each : best),
      undefined,
    );
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
