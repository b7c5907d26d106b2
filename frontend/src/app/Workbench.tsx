import { lazy, Suspense } from "react";

import { bestDirectory } from "@/modules/saes/directories";
import { useArtifacts } from "@/modules/saes/api";
import { InterpretPanel, type Ranking } from "@/modules/features/InterpretPanel";
import { PerturbPanel } from "@/modules/features/PerturbPanel";
import { ModelBar } from "@/modules/models/ModelBar";
import { NetworkPanel } from "@/modules/models/NetworkPanel";
import { RunPanel } from "@/modules/runs/RunPanel";
import { SaePanel } from "@/modules/saes/SaePanel";
import { useView, type View } from "@/lib/view";
import { Block } from "@/ui/States";
import type { Model } from "@/lib/types";

import { useCurrentRun } from "@/modules/runs/use-current-run";
import { useRanking } from "./use-ranking";
import classes from "./Page.module.css";

const ComparePanel = lazy(() => import("@/modules/runs/ComparePanel"));
const EffectsPanel = lazy(() => import("@/modules/effects/EffectsPanel"));
const FeaturesPanel = lazy(() => import("@/modules/features/explore/FeaturesPanel"));
const ReportPanel = lazy(() => import("@/modules/saes/report/ReportPanel"));

/** Where the tap stands: moved by hand, else where the SAE sits, else where the best fitting SAE was trained. */
function useTap(model: Model, moved: number | undefined): number | null {
  const { data } = useArtifacts(model.id);
  if (moved !== undefined) return moved;
  return model.sae?.tap_index ?? (data ? bestDirectory(data.directories, model)?.tap_index : null) ?? null;
}

/** What is pushed: chosen in the address, else what is stored; and whether the two differ. */
function pushOf(view: View, { intervention }: Model) {
  const kept = intervention ?? { feature_idx: undefined, alpha: undefined };
  const feature = view.feature ?? kept.feature_idx;
  const alpha = view.alpha ?? kept.alpha ?? 0;
  const stored = kept.feature_idx === feature ? kept.alpha : undefined;
  const unapplied = feature !== undefined && view.alpha !== undefined && stored !== alpha;
  return { feature, alpha, unapplied, ofFeature: view.alpha ?? stored ?? undefined };
}

export default function Workbench({ model }: { model: Model }) {
  const { view, setView, openModel } = useView();
  const [ranking, setRanking] = useRanking(view.target);
  const tap = useTap(model, view.tap);
  const { job } = useCurrentRun(view.run, model.id);
  const { feature, alpha, unapplied, ofFeature } = pushOf(view, model);
  const onRanking = (patch: Partial<Ranking>) => {
    setRanking(patch);
    if (patch.target !== undefined) setView({ target: patch.target });
  };

  return (
    <div className={classes.workbench}>
      <ModelBar model={model} onChange={() => openModel(undefined)} />
      <NetworkPanel model={model} tap={tap} onTap={(next) => setView({ tap: next })} />
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
        onStored={() => setView({ alpha: undefined })}
      />
      <div className={classes.wide}>
        <RunPanel model={model} job={job} unapplied={unapplied} onStarted={(id) => setView({ run: id })} />
      </div>
      <div className={classes.wide}>
        <Suspense fallback={<Block height={420} label="Opening the comparison" />}>
          <ComparePanel
            modelId={model.id}
            runId={view.run}
            onRun={(id) => setView({ run: id })}
            onStudy={(id) => setView({ run: undefined, study: id })}
          />
        </Suspense>
      </div>
      <div className={classes.wide}>
        <Suspense fallback={<Block height={320} label="Opening the report card" />}>
          <ReportPanel model={model} />
        </Suspense>
      </div>
      <div className={classes.wide}>
        <Suspense fallback={<Block height={420} label="Opening the features" />}>
          <FeaturesPanel
            model={model}
            view={view.table ?? {}}
            onView={(table) => setView({ table })}
            feature={feature}
            onFeature={(next) => setView({ feature: next })}
            alpha={ofFeature}
            onStored={() => setView({ alpha: undefined })}
          />
        </Suspense>
      </div>
      <div className={classes.wide}>
        <Suspense fallback={<Block height={420} label="Opening the effects" />}>
          <EffectsPanel
            model={model}
            feature={feature}
            study={view.study}
            onStudy={(id) => setView({ study: id })}
            onFeature={(next) => setView({ feature: next })}
            onStored={() => setView({ alpha: undefined })}
          />
        </Suspense>
      </div>
    </div>
  );
}
