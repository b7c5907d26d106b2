import { Button, NumberInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { ago, plural, unbroken } from "@/lib/format";
import type { Model, Report } from "@/lib/types";
import { JobProgress } from "@/modules/runs/JobProgress";
import { isFinished, useJob } from "@/modules/runs/use-job";
import { Panel } from "@/ui/Panel";
import { Block, Empty, Failure, Notice } from "@/ui/States";
import { SurvivalChart } from "@/ui/SurvivalChart";
import { ToSection } from "@/ui/ToSection";
import partClasses from "@/ui/Part.module.css";
import { Verdict } from "@/ui/Verdict";

import { reportKey, useReport, useStartReport } from "./api";
import { levelOf, styleOf } from "./lines";
import { ReportFacts } from "./ReportFacts";
import { ReportTable } from "./ReportTable";
import { lastingSentence, recoveredSentence, told } from "./sentence";
import { Stability } from "./Stability";
import classes from "./Report.module.css";

/** Whether the SAE can stand in for the layer that it explains. */
export default function ReportPanel({ model }: { model: Model }) {
  const { data: report, error, isPending, refetch } = useReport(model);
  const usable = model.sae?.has_cached_data === true;
  return (
    <Panel
      id="report"
      title="SAE report card"
      lead="The policy acts through the SAE at every step: what survives, beside what simpler replacements keep."
    >
      {!usable ? (
        <Empty title="Need SAE + cached data" action={<ToSection id="load-sae">Load an SAE</ToSection>}>
          The report plays the policy with its layer replaced by the SAE's reconstruction. Load an SAE from a
          directory with cached data first.
        </Empty>
      ) : error ? (
        <Failure error={error} onRetry={() => void refetch()} title="The report could not be read" />
      ) : isPending ? (
        <Block height={260} label="Reading the report" />
      ) : (
        <div className={classes.report}>
          {report && <Card report={report} />}
          <Measure model={model} report={report} />
        </div>
      )}
    </Panel>
  );
}

/** The job of a report that was just asked for; when it ends, the report is read again. */
function useReportJob(model: Model, id: string | null) {
  const queryClient = useQueryClient();
  const { data: job } = useJob(id);
  const over = isFinished(job?.state);
  const key = JSON.stringify(reportKey(model));
  useEffect(() => {
    if (over) void queryClient.invalidateQueries({ queryKey: JSON.parse(key) as string[] });
  }, [over, key, queryClient]);
  return { job, over };
}

function Measure({ model, report }: { model: Model; report: Report | null }) {
  const start = useStartReport(model);
  const { job, over } = useReportJob(model, start.data?.job_id ?? null);
  if (job && !over) return <JobProgress job={job} />;
  const failed = job?.state === "failed" || job?.state === "interrupted";
  const form = <MeasureForm again={report !== null} pending={start.isPending} onStart={start.mutate} />;
  return (
    <>
      {report ? (
        form
      ) : (
        <Empty title="Not measured yet" action={form}>
          A small FVU does not show that behaviour survives. The report lets the policy act through the SAE,
          and through what it must be compared with.
        </Empty>
      )}
      {start.error && <Failure error={start.error} />}
      {failed && <Notice>The report was not finished. {job.error?.message}</Notice>}
    </>
  );
}

interface MeasureProps {
  again: boolean;
  pending: boolean;
  onStart: (episodes: number) => void;
}

function MeasureForm({ again, pending, onStart }: MeasureProps) {
  const [episodes, setEpisodes] = useState<number | string>(16);
  const seeds = Number(episodes);
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        onStart(seeds);
      }}
    >
      <NumberInput label="Seeds" w={90} size="xs" min={2} max={200} value={episodes} onChange={setEpisodes} />
      <Button
        type="submit"
        size="xs"
        variant={again ? "default" : "filled"}
        loading={pending}
        disabled={!(seeds >= 2)}
      >
        {again ? "Measure again" : "Measure the SAE"}
      </Button>
      <small>
        {seeds < 16 && "Below 16 seeds it is a preview, not inferential. "}Nine ways to replace the tap ×{" "}
        {plural(seeds, "seed")}; a report with the same settings is reused.
      </small>
    </form>
  );
}

function Card({ report }: { report: Report }) {
  return (
    <>
      <div className={classes.verdict}>
        <Verdict level={levelOf(report.verdict)}>{report.verdict}</Verdict>
        <p>{unbroken(told(report))}</p>
      </div>
      <p className={classes.conditions}>
        {report.env}, {plural(report.episodes, "seed")} from {report.seed}, at most{" "}
        {plural(report.max_steps, "step")}, measured{" "}
        <time dateTime={report.created_at}>{ago(report.created_at)}</time>
        {report.episodes < 16 && "; a preview, not inferential"}
        {report.imported_at !== null && (
          <>
            ; came in with a workspace <time dateTime={report.imported_at}>{ago(report.imported_at)}</time>
          </>
        )}
      </p>
      {report.warnings.map((warning) => (
        <Notice key={warning}>{warning}</Notice>
      ))}
      <ReportTable report={report} />
      <p className="muted small">{recoveredSentence(report)}</p>
      <div className={classes.lower}>
        <section className={partClasses.part} aria-label="Survival">
          <h3>Episodes still going</h3>
          <p className="muted small">{lastingSentence(report)}</p>
          <SurvivalChart
            steps={report.survival_steps}
            height={210}
            label={`Share of episodes not ended, by step, for ${report.lines.map((line) => line.title).join(", ")}. ${lastingSentence(report)}`}
            curves={report.lines.map((line) => ({
              ...styleOf(line),
              label: line.title,
              strong: line.name === "sae",
              values: line.survival,
            }))}
          />
        </section>
        <div className={classes.column}>
          <ReportFacts report={report} />
          <Stability stability={report.stability} />
        </div>
      </div>
    </>
  );
}
