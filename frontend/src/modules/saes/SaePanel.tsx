import type { Model } from "@/lib/types";
import { Panel } from "@/ui/Panel";
import { Empty, Failure, Lines } from "@/ui/States";

import { useArtifacts } from "./api";
import { SaeFacts } from "./SaeFacts";
import { SaeForm } from "./SaeForm";
import { SaeWarnings } from "./SaeWarnings";
import classes from "./Sae.module.css";

interface Props {
  model: Model;
  tap: number | null;
  onTap: (tap: number | undefined) => void;
}

export function SaePanel({ model, tap, onTap }: Props) {
  const { data: artifacts, error, isPending, refetch } = useArtifacts(model.id);
  const { sae } = model;
  return (
    <Panel
      id="load-sae"
      step={2}
      title="Load SAE"
      lead="A sparse autoencoder splits the activations at the tap into features."
    >
      <div className={classes.body}>
        {error && (
          <Failure error={error} onRetry={() => void refetch()} title="The artifacts could not be listed" />
        )}
        {isPending ? (
          <Lines rows={2} height={34} label="Looking for artifacts" />
        ) : (
          <SaeForm model={model} directories={artifacts?.directories ?? []} tap={tap} onTap={onTap} />
        )}
        {sae ? (
          <>
            <SaeWarnings model={model} warnings={sae.warnings} onFixed={() => onTap(undefined)} />
            <SaeFacts sae={sae} />
          </>
        ) : (
          <Empty title="No SAE yet">
            Choose a directory and press Load SAE. The tap follows the marker in the drawing; if another layer
            or activation function fits the data better, you are told and can switch with one click.
          </Empty>
        )}
      </div>
    </Panel>
  );
}
