import { Button } from "@mantine/core";
import { lazy, Suspense } from "react";

import { useView } from "@/lib/view";
import { useModel } from "@/modules/models/api";
import { Block, Failure } from "@/ui/States";

import { Header } from "./Header";
import { Home } from "./Home";
import { TokenPrompt } from "./TokenPrompt";
import { useTokenNeeded } from "./use-token-needed";
import classes from "./Page.module.css";

const Workbench = lazy(() => import("./Workbench"));
const LivePage = lazy(() => import("@/modules/live/LivePage"));

export function Page() {
  const { view } = useView();
  const tokenNeeded = useTokenNeeded();
  return (
    <>
      <Header />
      <main className={classes.page}>
        {tokenNeeded ? <TokenPrompt /> : view.model ? <ModelPage id={view.model} /> : <Home />}
      </main>
    </>
  );
}

function Loading() {
  return (
    <div className={classes.workbench}>
      <Block height={52} label="Opening the model" />
      <Block height={560} label="Opening the network" />
      <Block height={560} label="Opening the SAE" />
    </div>
  );
}

function ModelPage({ id }: { id: string }) {
  const { data: model, error, isPending, refetch } = useModel(id);
  const { view, setView, openModel } = useView();
  if (isPending) return <Loading />;
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
  if (view.live) {
    return (
      <Suspense fallback={<Loading />}>
        <LivePage
          key={model.id}
          model={model}
          feature={view.feature}
          onLeave={() => setView({ live: undefined })}
          onRun={(run) => setView({ live: undefined, run })}
        />
      </Suspense>
    );
  }
  return (
    <Suspense fallback={<Loading />}>
      <Workbench key={model.id} model={model} />
    </Suspense>
  );
}
