import type { Job, RunSummary } from "@/lib/types";
import type { Screen, View } from "@/lib/view";

/** On which page a job without a run shows its result. */
const SCREEN_OF: Record<string, Screen> = {
  analysis: "features",
  clusters: "features",
  report: "sae",
  sweep: "train",
  sae_training: "train",
};

/** Whether this view shows what the job made; a video is offered beside the replay that asked for it. */
export function showsJob(view: View, job: Job, run: RunSummary | undefined): boolean {
  if (job.kind === "video") return true;
  const id = run?.id ?? job.result?.run_id;
  if (id !== undefined) return id === (view.screen === "effects" ? view.study : view.run);
  return view.screen !== undefined && SCREEN_OF[job.kind] === view.screen;
}

/** The address at which a run is read: a comparison on the workbench, the other kinds among the effects. */
export const viewOfRun = ({ id, kind }: RunSummary): View =>
  kind === "comparison" ? { run: id } : { study: id, screen: "effects" };
