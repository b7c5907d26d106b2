import { useView } from "@/lib/view";

import { Header } from "./Header";
import { Home } from "./Home";
import { ModelPage } from "./ModelPage";
import { TokenPrompt } from "./TokenPrompt";
import { useTokenNeeded } from "./use-token-needed";
import classes from "./Page.module.css";

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
