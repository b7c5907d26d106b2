import { Button, Select } from "@mantine/core";

import type { Model } from "@/lib/types";
import { useView } from "@/lib/view";
import { useModels } from "@/modules/models/api";
import ComparePanel from "@/modules/runs/ComparePanel";
import { Panel } from "@/ui/Panel";
import { Block, Empty, Failure } from "@/ui/States";

import { useModelComparison } from "./api";
import { PlayBoth } from "./PlayBoth";
import { StaticSide } from "./StaticSide";
import classes from "./Versus.module.css";

/** Of the same sizes, and not the same model unless it was edited. */
const fits = (model: Model, { id, obs_dim, act_dim, n_edits }: Model) =>
  obs_dim === model.obs_dim && act_dim === model.act_dim && (id !== model.id || n_edits > 0);

/** Two models of the same sizes: what they are made of, and both on the same seeds. */
export default function VersusPage({ model }: { model: Model }) {
  const { view, setView, openScreen } = useView();
  const { data = [], error, isPending, refetch } = useModels();
  const others = data.filter((each) => fits(model, each));
  const other = view.other ? others.find(({ id }) => id === view.other) : others[0];
  return (
    <div className={classes.page}>
      <Panel id="versus" title="Two models" lead="The same states and the same seeds, without steering.">
        {isPending ? (
          <Block height={320} label="Reading the models" />
        ) : error ? (
          <Failure error={error} onRetry={() => void refetch()} title="The models could not be listed" />
        ) : others.length === 0 ? (
          <Empty
            title="Nothing to compare with"
            action={
              <Button onClick={() => openScreen(undefined, { network: "weights" })}>Edit the weights</Button>
            }
          >
            No other model maps {model.obs_dim} observations to {model.act_dim} actions. Upload one, or edit
            this model's weights to compare it with itself.
          </Empty>
        ) : (
          <div className={classes.body}>
            <Select
              label={`Compare ${model.name} with`}
              placeholder="Choose a model"
              allowDeselect={false}
              w={420}
              maw="100%"
              data={others.map(({ id, name }) => ({
                value: id,
                label: id === model.id ? `itself, with its weight edits` : `${name}, ${id}`,
              }))}
              value={other?.id ?? null}
              error={other ? undefined : `There is no model ${String(view.other)} of these sizes.`}
              onChange={(id) => id !== null && setView({ other: id, run: undefined })}
            />
            {other && <Compared key={other.id} model={model} other={other.id} name={other.name} />}
          </div>
        )}
      </Panel>
      {other && view.run && (
        <ComparePanel modelId={model.id} runId={view.run} onRun={(run) => setView({ run })} />
      )}
    </div>
  );
}

function Compared({ model, other, name }: { model: Model; other: string; name: string }) {
  const { setView } = useView();
  const { data, error, refetch } = useModelComparison(model, other);
  return (
    <>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} title="They could not be compared" />
      ) : data ? (
        <StaticSide comparison={data} />
      ) : (
        <Block height={320} label="Comparing the two models" />
      )}
      <PlayBoth model={model} other={other} otherName={name} onStarted={(run) => setView({ other, run })} />
    </>
  );
}
