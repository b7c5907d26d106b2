import { ago } from "@/lib/format";
import type { RunSummary } from "@/lib/types";
import { Empty, Failure, Lines } from "@/ui/States";

import { useRecentRuns } from "./api";
import { RunLines } from "./RunLines";

const SHOWN = 6;

interface Props {
  /** Models that still exist, by id. */
  names: ReadonlyMap<string, string>;
  onOpen: (run: RunSummary) => void;
}

/** What was measured last, on whichever model. */
export function RecentRuns({ names, onOpen }: Props) {
  const { data, error, isPending, refetch } = useRecentRuns();
  if (isPending) return <Lines rows={3} height={36} label="Reading the runs" />;
  if (error)
    return <Failure error={error} onRetry={() => void refetch()} title="The runs could not be listed" />;
  const runs = data.filter((run) => names.has(run.model_id)).slice(0, SHOWN);
  if (runs.length === 0)
    return (
      <Empty title="Nothing measured yet">
        Every run stays here with its sentence; a click shows it again, digit for digit.
      </Empty>
    );
  return (
    <RunLines
      runs={runs}
      onOpen={onOpen}
      note={(run) => (
        <>
          {names.get(run.model_id)}, {run.env}, <time dateTime={run.created_at}>{ago(run.created_at)}</time>
        </>
      )}
    />
  );
}
