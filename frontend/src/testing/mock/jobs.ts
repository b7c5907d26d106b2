import type { Job } from "@/lib/types";

export const makeJob = (id: string, state: Job["state"], patch: Partial<Job> = {}): Job => ({
  id,
  kind: "run",
  state,
  progress: { done: 5, total: 20, unit: "steps", message: "", metrics: {} },
  created_at: "2026-01-01T00:00:00Z",
  started_at: null,
  finished_at: null,
  result: null,
  error: null,
  ...patch,
});
