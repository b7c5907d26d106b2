import { Button, Select } from "@mantine/core";
import { useState } from "react";

import { ago, count, percent, plural, unbroken } from "@/lib/format";
import type { Job, Model, Sweep, SweepSummary } from "@/lib/types";
import { JobProgress } from "@/modules/runs/JobProgress";
import { isFinished } from "@/modules/runs/use-job";
import { Panel } from "@/ui/Panel";
import { Block, Empty, Failure, Notice } from "@/ui/States";

import { useRetry, useSweep, useUseCell } from "./api";
import { Curves } from "./Curves";
import { DensityBars } from "./DensityBars";
import { Frontier } from "./Frontier";
import { Command } from "./PlanLine";
import { runsOf, shownDensity } from "./runs";
import { RunTable } from "./RunTable";
import { SeedAgreement } from "./SeedAgreement";
import { affineSentence } from "./sentence";
import classes from "./Training.module.css";

interface Props {
  model: Model;
  sweeps: SweepSummary[];
  id: string | undefined;
  beside: string | undefined;
  onOpen: (sweep: string) => void;
  onBeside: (sweep: string | undefined) => void;
  onUsed: () => void;
}

/** One sweep: live while it trains, and what it found. */
export function SweepPanel(props: Props) {
  const { data: sweep, job, error, refetch } = useSweep(props.id);
  const { data: other } = useSweep(props.beside);
  return (
    <Panel
      id="sweep"
      title="Trainings"
      lead="Live curves while it learns; then every SAE in place of the layer, on the same seeds."
      aside={props.id !== undefined && <Chooser {...props} />}
    >
      {props.id === undefined ? (
        <Empty title="Nothing trained yet">
          Start a training above. Its curves appear here at once, and the figures that tell which SAE keeps
          the behaviour when it is done.
        </Empty>
      ) : error ? (
        <Failure error={error} onRetry={() => void refetch()} title="The sweep could not be read" />
      ) : !sweep || !job ? (
        <Block height={420} label="Reading the sweep" />
      ) : (
        <Shown key={sweep.sweep_id} {...props} sweep={sweep} job={job} other={other} />
      )}
    </Panel>
  );
}

/** What was trained where, and when; it says so when it came from elsewhere. The environment where there are several. */
function nameOf(sweep: SweepSummary, many: boolean): string {
  const { tap_index: tap, output_tap: to, imported_at } = sweep;
  return [
    plural(sweep.cells, to === null ? "SAE" : "training"),
    ...(many ? [sweep.env] : []),
    to === null ? `tap ${tap}` : `tap ${tap} → ${to}`,
    imported_at === null ? ago(sweep.created_at) : `imported ${ago(imported_at)}`,
  ].join(", ");
}

function Chooser({ sweeps, id, beside, onOpen, onBeside }: Props) {
  const many = new Set(sweeps.map(({ env }) => env)).size > 1;
  const data = sweeps.map((each) => ({ value: each.sweep_id, label: nameOf(each, many) }));
  return (
    <div className={classes.chooser}>
      <Select
        aria-label="Sweep on screen"
        placeholder="Choose a sweep"
        data={data}
        value={id ?? null}
        allowDeselect={false}
        onChange={(value) => value !== null && onOpen(value)}
      />
      <Select
        aria-label="Compare with another sweep"
        placeholder="Compare with …"
        data={data.filter((each) => each.value !== id)}
        value={beside ?? null}
        clearable
        disabled={data.length < 2}
        onChange={(value) => onBeside(value ?? undefined)}
      />
    </div>
  );
}

interface ShownProps extends Props {
  sweep: Sweep;
  job: Job;
  other: Sweep | undefined;
}

function Shown({ model, sweep, job, other, onUsed }: ShownProps) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [hot, setHot] = useState<string | null>(null);
  const use = useUseCell(model.id, sweep.sweep_id, onUsed);
  const all = runsOf(sweep, other);
  const runs = all.filter((run) => !hidden.has(run.key));
  const measured = runs.filter((run) => (run.cell.fvu ?? null) !== null);
  const forming = shownDensity(runs, sweep);
  const toggle = (key: string) =>
    setHidden((old) => new Set(old.has(key) ? [...old].filter((each) => each !== key) : [...old, key]));
  return (
    <div className={classes.sweep}>
      <Progressing sweep={sweep} job={job} />
      {sweep.sentence && <p className={classes.sentence}>{unbroken(sweep.sentence)}</p>}
      <Conditions sweep={sweep} />
      {measured.length > 0 && <Frontier sweep={sweep} runs={measured} hot={hot} />}
      <Curves runs={runs} hot={hot}>
        {forming?.density && <DensityBars run={forming} />}
      </Curves>
      {use.error && <Failure error={use.error} title="The SAE could not be attached" />}
      <RunTable
        sweep={sweep}
        runs={all}
        hidden={hidden}
        onToggle={toggle}
        onHot={setHot}
        onUse={use.mutate}
        using={use.isPending ? use.variables : null}
      />
      <SeedAgreement sweep={sweep} />
      <Command text={sweep.command} />
    </div>
  );
}

function Progressing({ sweep, job }: { sweep: Sweep; job: Job }) {
  const retry = useRetry(sweep.sweep_id);
  if (!isFinished(job.state)) return <JobProgress job={job} />;
  if (job.state === "done" || sweep.sentence) return null;
  const kept = sweep.cells.filter((cell) => cell.state === "trained").length;
  const begun = sweep.cells.some((cell) => cell.curves !== null);
  return (
    <Notice
      action={
        <Button size="xs" loading={retry.isPending} onClick={() => retry.mutate(job.id)}>
          {begun ? "Resume" : "Start again"}
        </Button>
      }
    >
      This sweep was not finished: {job.error?.message ?? `it was ${job.state}.`}
      {begun && " It goes on from its last checkpoint."}
      {kept > 0 && ` ${plural(kept, "SAE")} trained before will not be trained again.`}
      {retry.error && <Failure error={retry.error} />}
    </Notice>
  );
}

function Conditions({ sweep }: { sweep: Sweep }) {
  const { data, baseline } = sweep;
  if (!data || !baseline) return null;
  const kinds = Object.entries(data.episodes as Record<string, number>)
    .filter(([, number]) => number > 0)
    .map(([kind, number]) => `${number} ${kind}`);
  return (
    <p className={classes.conditions}>
      {count(data.samples)} states of {kinds.join(", ")} episodes; gate of {plural(sweep.episodes, "episode")}{" "}
      each; the policy as it is returns {count(Math.round(baseline.return_mean ?? 0))} and falls in{" "}
      {percent(baseline.fall_rate, 0)}. Bars are 95&nbsp;% intervals over training seeds and episodes; the
      dashed lines are the gates. {affineSentence(sweep)}
      {sweep.imported_at !== null && (
        <>
          {" "}
          Came in with a workspace <time dateTime={sweep.imported_at}>{ago(sweep.imported_at)}</time>.
        </>
      )}
    </p>
  );
}
