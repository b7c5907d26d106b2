import { Button, CopyButton } from "@mantine/core";
import { useDeferredValue, useMemo, useState, type ReactNode } from "react";

import { ReplayPanel } from "@/modules/replay/ReplayPanel";
import { plural, unbroken } from "@/lib/format";
import type { Run, StudyKind } from "@/lib/types";
import { useView } from "@/lib/view";
import { Icon } from "@/ui/Icon";
import { Panel } from "@/ui/Panel";
import { Block, Empty, Failure } from "@/ui/States";

import { ArmPicker } from "./ArmPicker";
import { BehaviourTable } from "./BehaviourTable";
import { Evidence } from "./Evidence";
import { INFERENTIAL } from "./levels";
import { furthest, hasMany, withArms } from "./pick-arms";
import { startText } from "./start";
import { PairedChart } from "./PairedChart";
import { Provenance } from "./Provenance";
import { ResultTable } from "./ResultTable";
import { RunHistory } from "./RunHistory";
import { SeedTable } from "./SeedTable";
import { Survival } from "./Survival";
import { useRun, useRuns } from "./api";
import { Unfinished } from "./Unfinished";
import classes from "./Compare.module.css";

interface Props {
  modelId: string;
  runId: string | undefined;
  onRun: (run: string | undefined) => void;
  /** Opens a dose-response, calibration or scan where those are shown. */
  onStudy?: (run: string) => void;
}

export default function ComparePanel({ modelId, runId, onRun, onStudy }: Props) {
  const runs = useRuns(modelId);
  const shown = runId ?? runs.data?.find((run) => run.state === "done" && run.kind === "comparison")?.id;
  return (
    <Panel
      id="compare"
      title="Compare"
      lead="With and without the change, on the same seeds."
      aside={shown && <CopyLink />}
    >
      {shown ? (
        <Result key={shown} runId={shown} modelId={modelId} onRun={onRun} onStudy={onStudy} />
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

interface ResultProps extends Props {
  runId: string;
}

function Result({ runId, modelId, onRun, onStudy }: ResultProps) {
  const { data: run, error, isPending, refetch } = useRun(runId);
  const history = <RunHistory modelId={modelId} chosen={runId} onChoose={onRun} />;

  if (isPending) return <Block height={420} label="Reading the run" />;
  if (error)
    return (
      <Beside history={history}>
        <Failure error={error} onRetry={() => void refetch()} title="The run could not be read" />
      </Beside>
    );
  if (run.kind !== "comparison")
    return (
      <Beside history={history}>
        <Study run={run} onStudy={onStudy} />
      </Beside>
    );
  if (run.state !== "done")
    return (
      <Beside history={history}>
        <Unfinished run={run} />
      </Beside>
    );
  return <Finished run={run} history={history} />;
}

const RETURN = "return";

function Finished({ run: whole, history }: { run: Run; history: ReactNode }) {
  const many = hasMany(whole);
  const [chosen, setChosen] = useState<string[]>(() => furthest(whole));
  const run = useMemo(() => (many ? withArms(whole, chosen) : whole), [whole, many, chosen]);
  const [hovered, setHovered] = useState<number | null>(null);
  const { view, setView } = useView();
  const measure = view.measure ?? RETURN;
  const below = useDeferredValue(true, false); // bodies move first, then comes what lies below them
  const setMeasure = (key: string) => setView({ measure: key === RETURN ? undefined : key });
  return (
    <div className={classes.result}>
      <p className={classes.sentence}>{unbroken(run.sentence ?? "")}</p>
      <p className={classes.conditions}>
        {run.env}, {plural(run.episodes, "seed")} from {run.seed}, at most {plural(run.max_steps, "step")}
        {startText(run.start) && `; ${startText(run.start)}`}
        {run.episodes < INFERENTIAL && "; a preview, not inferential"}
      </p>
      {many && <ArmPicker run={whole} chosen={chosen} onChosen={setChosen} />}
      <div className={classes.top} data-many={run.arms.length > 2}>
        <PairedChart
          run={run}
          measure={measure}
          onMeasure={setMeasure}
          hovered={hovered}
          onHover={setHovered}
        />
        <ResultTable run={run} />
      </div>
      <ReplayPanel run={run} />
      {below && (
        <>
          <BehaviourTable run={run} measure={measure} onMeasure={setMeasure} />
          <div className={classes.bottom}>
            <SeedTable run={run} hovered={hovered} onHover={setHovered} />
            <div className={classes.column}>
              <Survival run={run} />
              {history}
            </div>
          </div>
          <Evidence runId={run.id} />
          <Provenance run={run} />
        </>
      )}
    </div>
  );
}

const STUDIES: Record<StudyKind, string> = {
  dose_response: "a dose-response",
  calibration: "a calibration",
  scan: "a scan of all features",
};

/** A run of another kind has no arms to compare: it is shown with the effects. */
function Study({ run, onStudy }: { run: Run & { kind: string }; onStudy: Props["onStudy"] }) {
  return (
    <Empty
      title={`This is ${STUDIES[run.kind as StudyKind]}`}
      action={onStudy && <Button onClick={() => onStudy(run.id)}>Open it in Effects</Button>}
    >
      {run.sentence ?? `It is ${run.state}.`}
    </Empty>
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
