import type { RunSummary, StudyKind } from "@/lib/types";
import { useRuns } from "@/modules/runs/api";
import { useCurrentRun } from "@/modules/runs/use-current-run";

import { useEffects } from "../api";

export const KINDS: readonly { value: StudyKind; label: string }[] = [
  { value: "dose_response", label: "Dose-response" },
  { value: "calibration", label: "Calibrate" },
  { value: "scan", label: "Scan all features" },
];

/** Which study is on screen: the one in the address when it is of the chosen kind, else the newest finished one. */
export function chosenStudy(
  runs: readonly RunSummary[] | undefined,
  kind: StudyKind,
  asked: string | undefined,
): string | undefined {
  const same = runs?.filter((run) => run.kind === kind) ?? [];
  if (same.some((run) => run.id === asked)) return asked;
  return same.find((run) => run.state === "done")?.id;
}

/** A link to a study that is not here leads to its error, rather than to another study. */
export function shownStudy(
  runs: readonly RunSummary[] | undefined,
  kind: StudyKind,
  asked: string | undefined,
  picked: StudyKind | undefined,
): string | undefined {
  const unlisted = !runs?.some((run) => run.id === asked) && (!runs || picked === undefined);
  return (unlisted ? asked : undefined) ?? chosenStudy(runs, kind, asked);
}

/** The kind on screen: chosen by hand, else that of the study in the address. */
export function useStudyKind(modelId: string, asked: string | undefined, picked: StudyKind | undefined) {
  const { data: runs } = useRuns(modelId);
  const named = runs?.find((run) => run.id === asked)?.kind;
  const known = named === undefined || named === "comparison" ? undefined : named;
  return { kind: picked ?? known ?? "dose_response", runs };
}

export function useStudy(runId: string | undefined) {
  const { run, job, error, refetch } = useCurrentRun(runId);
  const effects = useEffects(runId, run?.state === "done");
  const failure =
    error && !run
      ? { error, title: "The study could not be read", onRetry: refetch }
      : effects.error && {
          error: effects.error,
          title: "The numbers could not be read",
          onRetry: () => void effects.refetch(),
        };
  return { run, job, failure, effects };
}
