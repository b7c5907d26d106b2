import { useQuery } from "@tanstack/react-query";

import { modelQuery } from "@/modules/models/api";
import { useRuns } from "@/modules/runs/api";

export const STEPS = [
  { id: "upload", label: "Upload" },
  { id: "load-sae", label: "Load SAE" },
  { id: "interpret", label: "Interpret" },
  { id: "perturb", label: "Perturb" },
  { id: "run", label: "Run" },
  { id: "compare", label: "Compare" },
] as const;

export type StepId = (typeof STEPS)[number]["id"];

export interface StepProgress {
  uploaded: boolean;
  loaded: boolean;
  perturbed: boolean;
  ran: boolean;
}

export function useProgress(modelId: string | undefined): StepProgress {
  const { data: model } = useQuery({ ...modelQuery(modelId ?? ""), enabled: modelId !== undefined });
  const { data: runs } = useRuns(modelId);
  const known = modelId !== undefined && model !== undefined;
  return {
    uploaded: known,
    loaded: known && model.sae !== null,
    perturbed: known && model.intervention !== null,
    ran: known && (runs?.some((run) => run.state === "done") ?? false),
  };
}

function isDone(step: StepId, { uploaded, loaded, perturbed, ran }: StepProgress): boolean {
  const done = {
    upload: uploaded,
    "load-sae": loaded,
    interpret: loaded,
    perturb: perturbed,
    run: ran,
    compare: ran,
  };
  return done[step];
}

/** Done, the next one to do, or later. */
export function stepState(step: StepId, progress: StepProgress): "done" | "next" | "later" {
  if (isDone(step, progress)) return "done";
  return STEPS.find(({ id }) => !isDone(id, progress))?.id === step ? "next" : "later";
}
