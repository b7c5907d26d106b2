import { num } from "@/lib/format";
import type { ParameterInfo } from "@/lib/types";

import classes from "./Weights.module.css";

interface Props {
  parameters: ParameterInfo[];
  chosen: string;
  onChoose: (key: string) => void;
}

export function ParameterList({ parameters, chosen, onChoose }: Props) {
  return (
    <ul className={classes.list} aria-label="Parameters">
      {parameters.map((parameter) => (
        <li key={parameter.key}>
          <button
            type="button"
            className={classes.item}
            aria-pressed={parameter.key === chosen}
            onClick={() => onChoose(parameter.key)}
          >
            <span className="mono">{parameter.key}</span>
            <span className={classes.shape}>{parameter.shape.join(" × ")}</span>
            <span className={classes.spread}>
              {parameter.edited ? <b>edited</b> : `${num(parameter.mean, 2)} ± ${num(parameter.std, 2)}`}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
