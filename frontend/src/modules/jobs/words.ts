import { ago, count, duration, plural } from "@/lib/format";
import type { Job, JobState, RunSummary } from "@/lib/types";

const KINDS: Record<string, string> = {
  run: "Run",
  video: "Video",
  workspace_export: "Workspace export",
  dose_response: "Dose-response",
  calibration: "Calibration",
  scan: "Scan of features",
  analysis: "Analysis of the features",
  clusters: "Clusters of the features",
  report: "Report card of the SAE",
  sae_training: "SAE training",
  sweep: "Training of SAEs",
};

const STATES: Record<JobState, string> = {
  queued: "waiting for its turn",
  running: "running",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
  interrupted: "interrupted by a stop of the server",
};

/** What a job does: "Run on Walker2d-v5, 16 seeds". */
export function jobTitle(job: Job, run: RunSummary | undefined): string {
  const kind = KINDS[job.kind] ?? job.kind.replaceAll("_", " ");
  return run ? `${kind} on ${run.env}, ${plural(run.episodes, "seed")}` : kind;
}

/** How much of a job is done: "5 of 20 steps, 30 s left"; a job that counts in thousandths of its work shows percent. */
export function jobAmount({ progress: { done, total, unit, eta_s } }: Job): string {
  if (total <= 0) return "running";
  const amount =
    unit === "‰" ? `${String(Math.floor(done / 10))}\u00a0%` : `${count(done)} of ${count(total)} ${unit}`;
  return eta_s == null ? amount : `${amount}, ${duration(eta_s)} left`;
}

/** How a job ended, and when. */
export function jobEnd(job: Job, now = Date.now()): string {
  const when = job.finished_at ? `, ${ago(job.finished_at, now)}` : "";
  return `${STATES[job.state]}${when}`;
}

/** What the header's button says. */
export function trayWord(active: readonly Job[]): string {
  const running = active.filter((job) => job.state === "running").length;
  const queued = active.length - running;
  if (active.length === 0) return "Jobs";
  return [running > 0 && `${running} running`, queued > 0 && `${queued} queued`].filter(Boolean).join(", ");
}
