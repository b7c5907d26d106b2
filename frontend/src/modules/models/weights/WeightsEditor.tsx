import { useState } from "react";

import { Failure, Lines } from "@/ui/States";
import type { Model } from "@/lib/types";

import { useSummary } from "../api";
import { EditHistory } from "./EditHistory";
import { ParameterList } from "./ParameterList";
import { ParameterView } from "./ParameterView";
import classes from "./Weights.module.css";

/** Raw weights: choose a parameter, look at it, change it as a whole or one cell, undo. */
export default function WeightsEditor({ model }: { model: Model }) {
  const { data: summary, error, isPending, refetch } = useSummary(model.id);
  const [chosen, setChosen] = useState<string | null>(null);

  if (isPending) return <Lines rows={8} height={22} label="Reading the parameters" />;
  if (error)
    return <Failure error={error} onRetry={() => void refetch()} title="The parameters could not be read" />;

  const parameter = summary.parameters.find((each) => each.key === chosen) ?? summary.parameters[0];
  if (!parameter) return <p className="muted">This file describes an architecture without weights.</p>;
  return (
    <div className={classes.editor}>
      <div className={classes.side}>
        <ParameterList parameters={summary.parameters} chosen={parameter.key} onChoose={setChosen} />
        <EditHistory modelId={model.id} />
      </div>
      <ParameterView key={parameter.key} modelId={model.id} parameter={parameter} />
    </div>
  );
}
