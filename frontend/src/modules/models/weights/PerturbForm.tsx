import { Button, NumberInput, SegmentedControl } from "@mantine/core";
import { useState } from "react";

import classes from "./Weights.module.css";

type Op = "scale" | "add_noise" | "set";

const OPS: Record<Op, { label: string; field: string; start: number; step: number }> = {
  scale: { label: "Scale", field: "Factor", start: 0.9, step: 0.1 },
  add_noise: { label: "Add noise", field: "Standard deviation", start: 0.05, step: 0.01 },
  set: { label: "Set", field: "Value", start: 0, step: 0.1 },
};

interface Props {
  onApply: (op: Op, value: number, seed: number) => void;
  busy: boolean;
}

/** Changes the whole parameter at once. Noise carries its seed, so that the edit can be replayed exactly. */
export function PerturbForm({ onApply, busy }: Props) {
  const [op, setOp] = useState<Op>("scale");
  const [value, setValue] = useState<number | string>(OPS.scale.start);
  const [seed, setSeed] = useState<number | string>(0);
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (value !== "") onApply(op, Number(value), Number(seed));
      }}
    >
      <h3>The whole parameter</h3>
      <div className={classes.row}>
        <SegmentedControl
          aria-label="Kind of change"
          value={op}
          onChange={(next) => {
            setOp(next as Op);
            setValue(OPS[next as Op].start);
          }}
          data={Object.entries(OPS).map(([key, { label }]) => ({ value: key, label }))}
        />
        <NumberInput
          label={OPS[op].field}
          miw={110}
          flex={1}
          step={OPS[op].step}
          value={value}
          onChange={setValue}
        />
        {op === "add_noise" && (
          <NumberInput label="Seed" w={72} min={0} value={seed} onChange={setSeed} hideControls />
        )}
        <Button type="submit" variant="default" loading={busy}>
          Apply
        </Button>
      </div>
    </form>
  );
}
