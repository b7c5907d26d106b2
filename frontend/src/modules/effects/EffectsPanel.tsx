import { SegmentedControl, Select } from "@mantine/core";

import { ago } from "@/lib/format";
import type { EnvInfo, Model, RunSummary, StudyKind } from "@/lib/types";
import { useEnvs } from "@/modules/runs/api";
import { Panel } from "@/ui/Panel";
import { Block, Empty, Failure } from "@/ui/States";
import { ToSection } from "@/ui/ToSection";

import { CalibrateForm } from "./calibrate/CalibrateForm";
import { CalibrateResult } from "./calibrate/CalibrateResult";
import { DoseForm } from "./dose/DoseForm";
import { DoseResult } from "./dose/DoseResult";
import { ScanForm } from "./scan/ScanForm";
import { ScanResult } from "./scan/ScanResult";
import { NotMeasured } from "./study/NotMeasured";
import { StudyResult } from "./study/StudyResult";
import { KINDS, shownStudy, useStudyKind } from "./study/use-study";
import classes from "./Effects.module.css";

interface Props {
  model: Model;
  feature: number | undefined;
  study: string | undefined;
  onStudy: (run: string) => void;
  /** Chosen by hand, until another study is opened. */
  kind: StudyKind | undefined;
  onKind: (kind: StudyKind) => void;
  onFeature: (feature: number) => void;
  /** Edits were stored: the slider's own value no longer counts. */
  onStored: () => void;
}

/** Dose-response, calibration and scan: what a push does, beside what any push of its size would do. */
export default function EffectsPanel(props: Props) {
  const { model } = props;
  const envs = useEnvs();
  return (
    <Panel
      id="effects"
      title="Effects you can believe"
      lead="How much, in which direction, how sure, and is it more than a random direction would do?"
    >
      {!model.sae?.has_cached_data ? (
        <Empty title="Need SAE + cached data" action={<ToSection id="load-sae">Load an SAE</ToSection>}>
          Doses are measured on the policy's own states. Load an SAE from a directory with cached data.
        </Empty>
      ) : envs.error ? (
        <Failure
          error={envs.error}
          onRetry={() => void envs.refetch()}
          title="The environments could not be listed"
        />
      ) : envs.isPending ? (
        <Block height={240} label="Reading the environments" />
      ) : (
        <Studies {...props} envs={envs.data} />
      )}
    </Panel>
  );
}

function Studies({ envs, ...props }: Props & { envs: EnvInfo[] }) {
  const { model, feature, study, onStudy, onKind, onFeature, onStored } = props;
  const { kind, runs } = useStudyKind(model.id, study, props.kind);
  const shown = shownStudy(runs, kind, study, props.kind);
  const form = { model, envs, feature, onStarted: onStudy };
  const doseOf = (next: number) => {
    onFeature(next);
    onKind("dose_response");
  };
  return (
    <div className={classes.effects}>
      <div className={classes.row}>
        <SegmentedControl
          aria-label="Kind of study"
          value={kind}
          onChange={onKind}
          data={KINDS.map(({ value, label }) => ({ value, label }))}
        />
        <Earlier runs={runs?.filter((run) => run.kind === kind) ?? []} shown={shown} onStudy={onStudy} />
      </div>
      <div className={classes.body}>
        <div className={classes.settings}>
          {kind === "dose_response" && <DoseForm {...form} />}
          {kind === "calibration" && <CalibrateForm {...form} />}
          {kind === "scan" && <ScanForm {...form} />}
        </div>
        <div className={classes.outcome}>
          {shown === undefined ? (
            <NotMeasured kind={kind} runs={runs ?? []} onStudy={onStudy} />
          ) : (
            <StudyResult key={shown} runId={shown}>
              {({ dose_response: curve, calibration, scan }) => (
                <>
                  {curve && <DoseResult curve={curve} />}
                  {calibration && <CalibrateResult model={model} found={calibration} onStored={onStored} />}
                  {scan && <ScanResult scan={scan} feature={feature} onFeature={onFeature} onDose={doseOf} />}
                </>
              )}
            </StudyResult>
          )}
        </div>
      </div>
    </div>
  );
}

interface EarlierProps {
  runs: RunSummary[];
  shown: string | undefined;
  onStudy: (run: string) => void;
}

/** Studies of this kind, newest first. */
function Earlier({ runs, shown, onStudy }: EarlierProps) {
  if (runs.length === 0) return null;
  const byId = new Map(runs.map((run) => [run.id, run]));
  const label = (run: RunSummary) =>
    `${ago(run.created_at)}: ${(run.sentence ?? run.state).split(/[:;]/)[0] ?? run.state}`;
  return (
    <Select
      aria-label="Earlier studies"
      placeholder="Earlier studies"
      w={360}
      allowDeselect={false}
      data={runs.map((run) => ({ value: run.id, label: label(run) }))}
      value={shown ?? null}
      onChange={(id) => id !== null && onStudy(id)}
      renderOption={({ option }) => (
        <span className={classes.option}>
          {option.label}
          <small>{byId.get(option.value)?.sentence}</small>
        </span>
      )}
    />
  );
}
