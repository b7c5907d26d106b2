import { ActionIcon } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { ago, plural } from "@/lib/format";
import type { RunArm, RunSummary } from "@/lib/types";
import { ArmName } from "@/ui/ArmName";
import { Icon } from "@/ui/Icon";
import { Failure, Lines } from "@/ui/States";

import { runQuery, useDeleteRun, useRuns } from "./api";
import { armBrief, armText, BASELINE, toneColor, toneOf } from "./arms";
import classes from "./Compare.module.css";

interface Props {
  modelId: string;
  chosen: string | undefined;
  onChoose: (run: string | undefined) => void;
}

const STATES = {
  done: "",
  queued: "waiting",
  running: "running",
  failed: "failed",
  cancelled: "cancelled",
  interrupted: "interrupted",
} as const;

const isComparison = (run: RunSummary) => run.kind === "comparison";

/** All comparisons of this model, newest first; choosing one brings back its result. */
export function RunHistory({ modelId, chosen, onChoose }: Props) {
  const { data: runs, error, isPending, refetch } = useRuns(modelId);
  const remove = useDeleteRun(modelId);
  if (isPending) return <Lines rows={4} height={30} label="Reading earlier runs" />;
  if (error)
    return <Failure error={error} onRetry={() => void refetch()} title="Earlier runs could not be listed" />;
  return (
    <div className={classes.history}>
      <h3>Runs of this model</h3>
      {remove.error && <Failure error={remove.error} />}
      <ul>
        {runs.filter(isComparison).map((run) => (
          <li key={run.id} data-chosen={run.id === chosen}>
            <button type="button" aria-pressed={run.id === chosen} onClick={() => onChoose(run.id)}>
              <Change run={run} />
              <small>
                {run.env}, {plural(run.episodes, "seed")},{" "}
                <time dateTime={run.created_at}>{ago(run.created_at)}</time>
                {STATES[run.state] && `, ${STATES[run.state]}`}
              </small>
            </button>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Delete the run of ${ago(run.created_at)}`}
              onClick={() =>
                remove.mutate(run.id, { onSuccess: () => run.id === chosen && onChoose(undefined) })
              }
            >
              <Icon name="trash" size={15} />
            </ActionIcon>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** More changed arms than this are counted, not told. */
const TOLD = 2;

/**
 * The list names the arms only; their doses come with the run itself, which never changes once it is done.
 * Asked again at every mount, a run that cannot be read would be asked for without end: the page above would
 * wait for the new answer, and take this list away and bring it back.
 */
function Change({ run }: { run: RunSummary }) {
  const names = run.arm_names.filter((name) => name !== BASELINE);
  const { data } = useQuery({
    ...runQuery(run.id),
    enabled: run.state === "done" && names.length <= TOLD,
    staleTime: Infinity,
    retryOnMount: false,
  });
  const changed: RunArm | undefined = data?.arms.filter((arm) => arm.name !== BASELINE).at(-1);
  if (names.length > TOLD)
    return <ArmName color="var(--ink-2)">{plural(names.length, "changed arm")}</ArmName>;
  if (changed)
    return (
      <ArmName color={toneColor(toneOf(changed))}>
        <span title={armText(changed)}>
          {armBrief(changed)}
          {names.length > 1 && " and one more arm"}
        </span>
      </ArmName>
    );
  return <ArmName color="var(--base)">{names.length === 0 ? "baseline only" : names.join(", ")}</ArmName>;
}
