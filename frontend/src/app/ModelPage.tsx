import { Button } from "@mantine/core";
import { lazy, Suspense } from "react";

import { ApiError } from "@/lib/errors";
import { useView } from "@/lib/view";
import type { Model } from "@/lib/types";
import { useModel } from "@/modules/models/api";
import { ModelBar } from "@/modules/models/ModelBar";
import { Boundary, LazyPart } from "@/ui/Boundary";
import { Block, Failure } from "@/ui/States";

import { pushOf } from "./push";
import { ScreenNav } from "./ScreenNav";
import classes from "./Page.module.css";

const MissingModel = lazy(() => import("@/modules/transfer/MissingModel"));
const OtherSae = lazy(() => import("@/modules/saes/OtherSae"));
const Workbench = lazy(() => import("./Workbench"));
const LivePage = lazy(() => import("@/modules/live/LivePage"));
const EffectsPanel = lazy(() => import("@/modules/effects/EffectsPanel"));
const FeaturesPanel = lazy(() => import("@/modules/features/explore/FeaturesPanel"));
const TrainPage = lazy(() => import("@/modules/training/TrainPage"));
const VersusPage = lazy(() => import("@/modules/versus/VersusPage"));
const SaeScreen = lazy(() => import("./SaeScreen"));

/** One model on one of its pages. */
export function ModelPage({ id }: { id: string }) {
  const { data: model, error, isPending, refetch } = useModel(id);
  const { view, openModel, setView } = useView();
  if (isPending) return <Loading />;
  if (error instanceof ApiError && error.status === 404) {
    return (
      <div className={classes.status}>
        <LazyPart
          title="The page could not be opened"
          fallback={<Block height={200} label="Opening the page" />}
        >
          <MissingModel id={id} reason={error.message} onHome={() => openModel(undefined)} />
        </LazyPart>
      </div>
    );
  }
  if (error) {
    return (
      <div className={classes.status}>
        <Failure error={error} onRetry={() => void refetch()} title="The model could not be opened" />
        <Button mt="md" variant="default" onClick={() => openModel(undefined)}>
          Choose another model
        </Button>
      </div>
    );
  }
  return (
    <div className={classes.model}>
      <ModelBar model={model} onChange={() => openModel(undefined)} />
      <ScreenNav />
      {view.sae !== undefined && view.sae !== model.sae?.id && (
        <LazyPart title="The other SAE could not be opened">
          <OtherSae model={model} asked={view.sae} onSettled={() => setView({ sae: undefined })} />
        </LazyPart>
      )}
      <Boundary key={view.screen} title="This page could not be opened">
        <Suspense fallback={<Block height={560} label="Opening the page" />}>
          <Shown key={model.id} model={model} />
        </Suspense>
      </Boundary>
    </div>
  );
}

function Shown({ model }: { model: Model }) {
  const { view, setView, openScreen, openSection } = useView();
  const { feature, ofFeature } = pushOf(view, model);
  const onFeature = (next: number) => setView({ feature: next });
  const onStored = () => setView({ alpha: undefined });
  if (view.screen === "live")
    return <LivePage model={model} feature={view.feature} onRun={(run) => openSection("compare", { run })} />;
  if (view.screen === "sae") return <SaeScreen model={model} />;
  if (view.screen === "versus") return <VersusPage model={model} />;
  if (view.screen === "train")
    return <TrainPage model={model} view={view} onView={setView} onUsed={() => openScreen("sae")} />;
  if (view.screen === "features")
    return (
      <FeaturesPanel
        model={model}
        view={view.table ?? {}}
        onView={(table) => setView({ table })}
        feature={feature}
        onFeature={onFeature}
        alpha={ofFeature}
        onStored={onStored}
      />
    );
  if (view.screen === "effects")
    return (
      <EffectsPanel
        model={model}
        feature={feature}
        study={view.study}
        onStudy={(study) => setView({ study })}
        kind={view.kind}
        onKind={(kind) => setView({ kind })}
        onFeature={onFeature}
        onStored={onStored}
      />
    );
  return <Workbench model={model} />;
}

function Loading() {
  return (
    <div className={classes.model}>
      <Block height={52} label="Opening the model" />
      <Block height={560} label="Opening the network" />
      <Block height={560} label="Opening the SAE" />
    </div>
  );
}
