import { Button, CopyButton } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { ReplayPanel } from "@/modules/replay/ReplayPanel";
import { plural } from "@/lib/format";
import { Icon } from "@/ui/Icon";
import { Panel } from "@/ui/Panel";
import { Block, Empty, Failure } from "@/ui/States";

import { PairedChart } from "./PairedChart";
import { Provenance } from "./Provenance";
import { ResultTable } from "./ResultTable";
import { RunHistory } from "./RunHistory";
import { SeedTable } from "./SeedTable";
import { useRun, useRuns } from "./api";
import { Unfinished } from "./Unfinished";
import classes from "./Compare.module.css";

interface Props {
  modelId: string;
  runId: string | undefined;
  onRun: (run: string | undefined) => void;
}

export default function ComparePanel({ modelId, runId, onRun }: Props) {
  const runs = useRuns(modelId);
  const shown = runId ?? runs.data?.find((run) => run.state === "done")?.id;
  return (
    <Panel
      id="compare"
      title="Compare"
      lead="With and without the change, on the same seeds."
      aside={shown && <CopyLink />}
    >
      {shown ? (
        <Result key={shown} runId={shown} modelId={modelId} onRun={onRun} />
      ) : (
        <Empty title="No run yet">
          Press Run Model. The result appears here: a sentence, every seed as a pair, and the differences with
          their intervals.
        </Empty>
      )}
    </Panel>
  );
}

function CopyLink() {
  return (
    <CopyButton value={window.location.href}>
      {({ copied, copy }) => (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<Icon name={copied ? "check" : "link"} size={14} />}
          onClick={copy}
        >
          {copied ? "Link copied" : "Copy link"}
        </Button>
      )}
    </CopyButton>
  );
}

function Result({ runId, modelId, onRun }: { runId: string; modelId: string; onRun: Props["onRun"] }) {
  const { data: run, error, isPending, refetch } = useRun(runId);
  const [hovered, setHovered] = useState<number | null>(null);
  const history = <RunHistory modelId={modelId} chosen={runId} onChoose={onRun} />;

  if (isPending) return <Block height={420} label="Reading the run" />;
  if (error)
    return (
      <Beside history={history}>
        <Failure error={error} onRetry={() => void refetch()} title="The run could not be read" />
      </Beside>
    );
  if (run.state !== "done")
    return (
      <Beside history={history}>
        <Unfinished run={run} />
      </Beside>
    );
  return (
    <div className={classes.result}>
      <p className={classes.sentence}>{run.sentence}</p>
      <p className={classes.conditions}>
        {run.env}, {plural(run.episodes, "seed")} from {run.seed}, at most {plural(run.max_steps, "step")}
      </p>
      <div className={classes.top}>
        <PairedChart run={run} hovered={hovered} onHover={setHovered} />
        <ResultTable run={run} />
      </div>
      <ReplayPanel run={run} />
      <div className={classes.bottom}>
        <SeedTable run={run} hovered={hovered} onHover={setHovered} />
        {history}
      </div>
      <Provenance run={run} />
    </div>
  );
}

function Beside({ history, children }: { history: ReactNode; children: ReactNode }) {
  return (
    <div className={classes.result}>
      <div className={classes.bottom}>
        <div>{children}</div>
        {history}
      </div>
    </div>
  );
}
