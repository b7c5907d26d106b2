import { Button } from "@mantine/core";

import type { Demo, Model } from "@/lib/types";
import { Empty, Failure, Block } from "@/ui/States";

import { useDemos, useOpenDemo } from "./api";
import { DemoArt } from "./DemoArt";
import classes from "./Upload.module.css";

interface Props {
  onOpened: (model: Model, demo: Demo) => void;
}

/** Models that come with the product, each with its SAE beside it: the quickest way to a first result. */
export function DemoList({ onOpened }: Props) {
  const { data: demos, error, isPending, refetch } = useDemos();
  const open = useOpenDemo();

  if (isPending) return <Block height={184} label="Looking for demo models" />;
  if (error)
    return (
      <Failure error={error} onRetry={() => void refetch()} title="The demo models could not be listed" />
    );
  if (demos.length === 0) {
    return (
      <Empty title="No demo models here">
        The artifacts root has no demo bundle. Run <code>make artifacts</code> to build it, or upload a policy
        of your own.
      </Empty>
    );
  }
  return (
    <div className={classes.demos}>
      {open.error && <Failure error={open.error} title="The demo could not be opened" />}
      {demos.map((demo) => (
        <article key={demo.id} className={classes.demo}>
          <DemoArt env={demo.env} className={classes.demoArt} />
          <div>
            <h3>{demo.title}</h3>
            <p>
              {demo.available
                ? demo.description
                : "Its files are not in the artifacts root. Run make artifacts to build them."}
            </p>
          </div>
          <Button
            disabled={!demo.available}
            loading={open.isPending && open.variables === demo.id}
            onClick={() => open.mutate(demo.id, { onSuccess: (model) => onOpened(model, demo) })}
            aria-label={`Open demo ${demo.title}`}
          >
            Open demo
          </Button>
        </article>
      ))}
    </div>
  );
}
