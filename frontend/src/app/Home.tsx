import { Button } from "@mantine/core";

import { lazy } from "react";

import { useView } from "@/lib/view";
import { useDemos, useModels, useOpenDemo } from "@/modules/models/api";
import { DemoList } from "@/modules/models/DemoList";
import { ModelList } from "@/modules/models/ModelList";
import { UploadZone } from "@/modules/models/UploadZone";
import { useRecentRuns } from "@/modules/runs/api";
import { RecentRuns } from "@/modules/runs/RecentRuns";
import { LazyPart } from "@/ui/Boundary";
import { Icon } from "@/ui/Icon";
import { Panel } from "@/ui/Panel";

import { viewOfRun } from "./ended";
import { startTour } from "./tour/state";
import classes from "./Page.module.css";

const SavedViews = lazy(() => import("./SavedViews"));
const TransferPanel = lazy(() => import("@/modules/transfer/TransferPanel"));

const NEXT_STEPS = [
  ["Load SAE", "Attach a sparse autoencoder to one layer."],
  ["Interpret", "See the ten features that matter most for an action."],
  ["Perturb", "Push one of them, more or less."],
  ["Run", "Play the same seeds with and without it."],
  ["Compare", "Read the difference with its interval."],
] as const;

/** So many runs fill a column of their own. */
const MANY = 3;

/** The first screen: choose a policy. */
export function Home() {
  const { openModel } = useView();
  const { data: models = [] } = useModels();
  const { data: runs } = useRecentRuns();
  const names = new Map(models.map(({ id, name }) => [id, name]));
  return (
    <div className={classes.home} data-full={runs === undefined || runs.length >= MANY}>
      <div className={classes.intro}>
        <h1>Push one feature of a policy, measure what changes</h1>
        <p>
          Upload a trained control policy, attach a sparse autoencoder, pick a learned feature, and compare
          the same episodes with and without it.
        </p>
        <TourButton />
      </div>
      <div className={classes.start}>
        <Panel
          id="upload"
          step={1}
          title="Upload"
          lead="A policy of your own. It is read, never executed as code."
        >
          <UploadZone onUploaded={(model) => openModel(model.id)} />
        </Panel>
        <Panel
          id="demos"
          title="Or start from a demo"
          lead="Each comes with its SAE: a first result takes less than a minute."
        >
          <DemoList onOpened={(model, demo) => openModel(model.id, { tap: demo.tap_index })} />
        </Panel>
      </div>
      <ol className={classes.next} start={2} aria-label="What comes next">
        {NEXT_STEPS.map(([word, sentence]) => (
          <li key={word}>
            <strong>{word}</strong>
            <span>{sentence}</span>
          </li>
        ))}
      </ol>
      <div className={classes.stored}>
        <Panel id="models" title="Stored models">
          <ModelList onOpen={(id) => openModel(id)} />
        </Panel>
        <Panel id="recent" title="Recent runs">
          <RecentRuns names={names} onOpen={(run) => openModel(run.model_id, viewOfRun(run))} />
        </Panel>
      </div>
      <LazyPart title="Saved views and the workspace could not be opened">
        <SavedViews names={names} />
        <TransferPanel models={models} onOpen={(id) => openModel(id)} />
      </LazyPart>
    </div>
  );
}

/** The tour leads through the five steps on a demo, which it opens. */
function TourButton() {
  const { openModel } = useView();
  const { data: demos = [], isPending } = useDemos();
  const open = useOpenDemo();
  const demo = demos.find(({ available }) => available);
  if (isPending) return <div className={classes.tourToCome} />;
  if (!demo) return null;
  const start = () =>
    open.mutate(demo.id, {
      onSuccess: (model) => {
        openModel(model.id, { tap: demo.tap_index });
        startTour();
      },
    });
  return (
    <Button
      className={classes.tour}
      variant="light"
      leftSection={<Icon name="play" size={14} />}
      loading={open.isPending}
      onClick={start}
    >
      Take the tour: five steps on a walking robot
    </Button>
  );
}
