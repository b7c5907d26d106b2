import { SegmentedControl } from "@mantine/core";
import { lazy } from "react";

import { useEnvInfo } from "@/modules/runs/use-env-info";
import type { Model } from "@/lib/types";
import type { View } from "@/lib/view";
import { LazyPart } from "@/ui/Boundary";
import { Panel } from "@/ui/Panel";
import { Block, Notice } from "@/ui/States";

import { NetworkView } from "./NetworkView";

const ActingForm = lazy(() => import("./ActingForm"));
const WeightsEditor = lazy(() => import("./weights/WeightsEditor"));

const LEADS = {
  drawing: "Strongest weights, layer by layer. The marker is the tap.",
  acting: "What happens before the first layer and after the last, as the file says or as you correct it.",
  weights: "Every weight and bias: change one cell or a whole parameter, and undo it.",
};

interface Props {
  model: Model;
  tap: number | null;
  onTap: (tap: number) => void;
  /** What is open; the drawing where none is named. */
  tab: View["network"];
  onTab: (tab: View["network"]) => void;
}

export function NetworkPanel({ model, tap, onTap, tab: asked, onTab }: Props) {
  const tab = asked === undefined || (asked === "acting" && model.architecture_only) ? "drawing" : asked;
  const env = useEnvInfo(model);
  return (
    <Panel
      id="network"
      title="Network"
      lead={
        model.architecture_only ? "An architecture without weights: it can be drawn, not run." : LEADS[tab]
      }
      aside={
        <SegmentedControl
          aria-label="Network view"
          value={tab}
          onChange={(value) => onTab(value === "drawing" ? undefined : value)}
          data={[
            { value: "drawing" as const, label: "Drawing" },
            ...(model.architecture_only ? [] : [{ value: "acting" as const, label: "How it acts" }]),
            { value: "weights" as const, label: "Raw weights" },
          ]}
        />
      }
    >
      {model.notes.length > 0 && tab === "drawing" && <Notes notes={model.notes} />}
      {tab === "acting" ? (
        <LazyPart
          title="How the model acts could not be opened"
          fallback={<Block height={260} label="Opening how the model acts" />}
        >
          <ActingForm modelId={model.id} />
        </LazyPart>
      ) : tab === "drawing" ? (
        <NetworkView
          model={model}
          tap={tap}
          onTap={onTap}
          observations={env?.observations}
          actions={env?.actions}
        />
      ) : (
        <LazyPart
          title="The weights could not be opened"
          fallback={<Block height={480} label="Opening the editor" />}
        >
          <WeightsEditor model={model} />
        </LazyPart>
      )}
    </Panel>
  );
}

function Notes({ notes }: { notes: string[] }) {
  return (
    <div style={{ marginBottom: 12 }}>
      <Notice>{notes.join(" ")}</Notice>
    </div>
  );
}
