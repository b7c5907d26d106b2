import { lazy } from "react";

import { InterpretPanel, type Ranking } from "@/modules/features/InterpretPanel";
import { PerturbPanel } from "@/modules/features/PerturbPanel";
import { NetworkPanel } from "@/modules/models/NetworkPanel";
import { RunPanel } from "@/modules/runs/RunPanel";
import { SaePanel } from "@/modules/saes/SaePanel";
import { useTap } from "@/modules/saes/use-tap";
import { useView } from "@/lib/view";
import { LazyPart } from "@/ui/Boundary";
import { Block } from "@/ui/States";
import type { Model } from "@/lib/types";

import { useCurrentRun } from "@/modules/runs/use-current-run";
import { pushOf } from "./push";
import { rankingOf } from "./ranking";
import classes from "./Page.module.css";

const ComparePanel = lazy(() => import("@/modules/runs/ComparePanel"));

/** The five steps on one page. */
export default function Workbench({ model }: { model: Model }) {
  const { view, setView } = useView();
  const ranking = rankingOf(view);
  const tap = useTap(model, view.tap);
  const { feature, alpha, unapplied } = pushOf(view, model);
  const onRanking = (patch: Partial<Ranking>) => setView(patch);

  return (
    <div className={classes.workbench}>
      <NetworkPanel
        model={model}
        tap={tap}
        onTap={(next) => setView({ tap: next })}
        tab={view.network}
        onTab={(network) => setView({ network })}
      />
      <SaePanel model={model} tap={tap} onTap={(next) => setView({ tap: next })} />
      <InterpretPanel
        model={model}
        ranking={ranking}
        onRanking={onRanking}
        feature={feature}
        onFeature={(next) => setView({ feature: next })}
      />
      <PerturbPanel
        model={model}
        ranking={ranking}
        feature={feature}
        alpha={alpha}
        onFeature={(next) => setView({ feature: next })}
        onAlpha={(next) => setView({ alpha: next, feature })}
        onStored={() => setView({ alpha: undefined, steer: undefined })}
        steer={view.steer}
      />
      <RunAndCompare model={model} unapplied={unapplied} />
    </div>
  );
}

/** Apart, so that the progress of a run draws these two panels anew and not the four above. */
function RunAndCompare({ model, unapplied }: { model: Model; unapplied: boolean }) {
  const { view, setView, openSection } = useView();
  const { job } = useCurrentRun(view.run);
  return (
    <>
      <div className={classes.wide}>
        <RunPanel model={model} job={job} unapplied={unapplied} onStarted={(id) => setView({ run: id })} />
      </div>
      <div className={classes.wide}>
        <LazyPart
          title="The comparison could not be opened"
          fallback={<Block height={420} label="Opening the comparison" />}
        >
          <ComparePanel
            modelId={model.id}
            runId={view.run}
            onRun={(id) => setView({ run: id })}
            onStudy={(id) => openSection("effects", { run: undefined, study: id })}
          />
        </LazyPart>
      </div>
    </>
  );
}
