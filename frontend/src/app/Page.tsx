import { lazy } from "react";

import { useView } from "@/lib/view";
import { JobToasts } from "@/modules/jobs/JobToasts";
import { LazyPart } from "@/ui/Boundary";

import { showsJob, viewOfRun } from "./ended";
import { Header } from "./Header";
import { Home } from "./Home";
import { ModelPage } from "./ModelPage";
import { TokenPrompt } from "./TokenPrompt";
import { useTokenNeeded } from "./use-token-needed";
import { useTour } from "./tour/state";
import classes from "./Page.module.css";

const Tour = lazy(() => import("./tour/Tour"));

export function Page() {
  const { view, openModel } = useView();
  const tokenNeeded = useTokenNeeded();
  const touring = useTour() !== undefined && view.model !== undefined;
  return (
    <>
      <Header />
      <main className={classes.page}>
        {tokenNeeded ? <TokenPrompt /> : view.model ? <ModelPage id={view.model} /> : <Home />}
      </main>
      <LazyPart title="The tour could not be opened">{touring && <Tour />}</LazyPart>
      <JobToasts
        isShown={(job, run) => showsJob(view, job, run)}
        onOpen={(run) => openModel(run.model_id, viewOfRun(run))}
      />
    </>
  );
}
