import { Button, Select } from "@mantine/core";

import { percent } from "@/lib/format";
import type { Model, SaeInfo } from "@/lib/types";
import { useView } from "@/lib/view";
import { Panel } from "@/ui/Panel";
import { Block, Empty, Failure } from "@/ui/States";
import { ToSection } from "@/ui/ToSection";

import { useActivateSae, useComparison, useSaes } from "./api";
import { Matching } from "./Matching";
import { SideBySide } from "./SideBySide";
import classes from "./Compare.module.css";

/** The SAEs of a model: which one is in use, and two of them side by side. */
export function CompareSaes({ model }: { model: Model }) {
  const { data, error, isPending, refetch } = useSaes(model.id);
  return (
    <Panel
      id="saes"
      title="SAEs of this model"
      lead="Any number can be attached; one is in use. Two are compared on the same states."
    >
      {isPending ? (
        <Block height={120} label="Reading the SAEs" />
      ) : error ? (
        <Failure error={error} onRetry={() => void refetch()} title="The SAEs could not be listed" />
      ) : data.saes.length === 0 ? (
        <Empty title="No SAE yet" action={<ToSection id="train">Train SAEs</ToSection>}>
          Load or train one; each stays attached when another follows.
        </Empty>
      ) : (
        <Listed model={model} saes={data.saes} active={data.active} />
      )}
    </Panel>
  );
}

const nameOf = (sae: SaeInfo) => `${sae.artifacts_dir}, tap ${String(sae.tap_index)}, ${sae.id}`;

function Listed({ model, saes, active }: { model: Model; saes: SaeInfo[]; active: string | null }) {
  const activate = useActivateSae(model.id);
  const { view, setView } = useView();
  const inUse = saes.find(({ id }) => id === active) ?? saes[0];
  const others = saes.filter(({ id }) => id !== inUse?.id);
  const second = others.find(({ id }) => id === view.against) ?? others[0];
  if (!inUse) return null;
  return (
    <div className={classes.compare}>
      <ul className={classes.list}>
        {saes.map((sae) => (
          <li key={sae.id} data-active={sae.id === inUse.id}>
            <div>
              <b>{sae.artifacts_dir}</b>
              <small>
                {sae.d_latent} features of {sae.d_in} units, tap {sae.tap_index}
                {sae.fvu !== null && `, rebuilds ${percent(1 - sae.fvu, 2)}`} · {sae.id}
              </small>
            </div>
            {sae.id === inUse.id ? (
              <span>in use</span>
            ) : (
              <Button
                size="compact-sm"
                variant="default"
                loading={activate.isPending && activate.variables === sae.id}
                onClick={() => activate.mutate(sae.id)}
              >
                Use it
              </Button>
            )}
          </li>
        ))}
      </ul>
      {activate.error && <Failure error={activate.error} title="It could not be put to use" />}
      {second ? (
        <>
          <Select
            label="Compare the one in use with"
            allowDeselect={false}
            w="min(640px, 100%)"
            data={others.map((sae) => ({ value: sae.id, label: nameOf(sae) }))}
            value={second.id}
            onChange={(id) => id !== null && setView({ against: id })}
          />
          <Compared model={model} first={inUse.id} second={second.id} />
        </>
      ) : (
        <p className="muted small">
          With a second SAE of this model, loaded or trained, both stand here side by side with the features
          that they share.
        </p>
      )}
    </div>
  );
}

function Compared({ model, first, second }: { model: Model; first: string; second: string }) {
  const { data, error, refetch } = useComparison(model.id, first, second);
  if (error)
    return <Failure error={error} onRetry={() => void refetch()} title="They could not be compared" />;
  if (!data) return <Block height={260} label="Comparing the two SAEs" />;
  return (
    <div className={classes.sides}>
      <SideBySide comparison={data} />
      {data.matching ? (
        <Matching matching={data.matching} />
      ) : (
        <p className="muted small">They read different taps, so their features are not matched.</p>
      )}
    </div>
  );
}
