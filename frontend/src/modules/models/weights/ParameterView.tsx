import { useState } from "react";

import { num } from "@/lib/format";
import type { ParameterInfo } from "@/lib/types";
import { Failure, Block } from "@/ui/States";

import { useLayerWeights, useWeightChange } from "../api";
import { weightsSentence } from "../sentence";
import { CellForm } from "./CellForm";
import { HeatMap } from "./HeatMap";
import { PerturbForm } from "./PerturbForm";
import { Overview } from "./Overview";
import { asMatrix, windowOf, type Cell } from "./matrix";
import classes from "./Weights.module.css";

export function ParameterView({ modelId, parameter }: { modelId: string; parameter: ParameterInfo }) {
  const [cell, setCell] = useState<Cell>({ row: 0, column: 0 });
  const {
    data: weights,
    error,
    isPending,
    refetch,
  } = useLayerWeights(modelId, parameter.key, windowOf(parameter.shape, cell));
  const change = useWeightChange(modelId);

  if (isPending) return <Block height={320} label={`Reading ${parameter.key}`} />;
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;

  const matrix = asMatrix(weights);
  const { mean, std, min, max } = weights.stats;
  const sentence = weightsSentence(weights);
  return (
    <div className={classes.view}>
      <p className={classes.stats}>
        <strong className="mono">{parameter.key}</strong>
        <span>mean {num(mean)}</span>
        <span>sd {num(std)}</span>
        <span>
          range {num(min)} … {num(max)}
        </span>
      </p>
      <div className={classes.maps} data-both={weights.overview !== null}>
        {weights.overview && <Overview overview={weights.overview} matrix={matrix} onCell={setCell} />}
        <HeatMap matrix={matrix} cell={cell} onCell={setCell} label={parameter.key} description={sentence} />
      </div>
      <p className="muted small">{sentence}</p>
      <div className={classes.forms}>
        <CellForm
          key={`${cell.row},${cell.column},${matrix.at(cell)}`}
          matrix={matrix}
          cell={cell}
          onCell={setCell}
          busy={change.isPending}
          onSet={(value) =>
            change.mutate({ kind: "edit_at", key: parameter.key, index: matrix.index(cell), value })
          }
        />
        <PerturbForm
          busy={change.isPending}
          onApply={(op, value, seed) =>
            change.mutate({
              kind: "perturb",
              key: parameter.key,
              op,
              value,
              ...(op === "add_noise" ? { seed } : {}),
            })
          }
        />
      </div>
      {change.error && <Failure error={change.error} />}
    </div>
  );
}
