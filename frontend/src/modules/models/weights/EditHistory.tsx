import { Button } from "@mantine/core";

import { num, plural } from "@/lib/format";
import type { WeightEdit } from "@/lib/types";
import { Failure } from "@/ui/States";
import { Icon } from "@/ui/Icon";

import { useEdits, useWeightChange } from "../api";
import classes from "./Weights.module.css";

export function editText({ op, key, value, seed, index }: WeightEdit): string {
  switch (op) {
    case "scale":
      return `${key} × ${num(value)}`;
    case "set":
      return `${key} set to ${num(value)}`;
    case "add_noise":
      return `${key} + noise of sd ${num(value)}${seed === null ? "" : `, seed ${seed}`}`;
    case "edit_at":
      return `${key}[${index?.join(", ") ?? ""}] set to ${num(value)}`;
  }
}

/** The ordered list of edits. The stored file never changes: undo drops the last edit, reset drops all. */
export function EditHistory({ modelId }: { modelId: string }) {
  const { data: edits = [], error } = useEdits(modelId);
  const change = useWeightChange(modelId);
  if (error) return <Failure error={error} />;
  return (
    <div className={classes.history}>
      <div className={classes.historyHead}>
        <h3>{edits.length === 0 ? "No edits yet" : plural(edits.length, "edit")}</h3>
        <Button.Group>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<Icon name="undo" size={14} />}
            disabled={edits.length === 0}
            onClick={() => change.mutate({ kind: "undo" })}
          >
            Undo
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            disabled={edits.length === 0}
            onClick={() => change.mutate({ kind: "reset" })}
          >
            Reset
          </Button>
        </Button.Group>
      </div>
      {change.error && <Failure error={change.error} />}
      <ol className={classes.edits}>
        {edits.map((edit, position) => (
          <li key={position}>{editText(edit)}</li>
        ))}
      </ol>
    </div>
  );
}
