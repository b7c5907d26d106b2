import { Button, NumberInput } from "@mantine/core";
import { useState } from "react";

import { num } from "@/lib/format";

import { clampCell, type Cell, type Matrix } from "./matrix";
import classes from "./Weights.module.css";

interface Props {
  matrix: Matrix;
  cell: Cell;
  onCell: (cell: Cell) => void;
  onSet: (value: number) => void;
  busy: boolean;
}

export function CellForm({ matrix, cell, onCell, onSet, busy }: Props) {
  const [value, setValue] = useState<number | string>(startOf(matrix.at(cell)));
  const at = (patch: Partial<Cell>) => onCell(clampCell(matrix, { ...cell, ...patch }));
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (value !== "") onSet(Number(value));
      }}
    >
      <h3>One cell</h3>
      <div className={classes.row}>
        {!matrix.isVector && (
          <NumberInput
            label="Row"
            w={72}
            min={0}
            max={matrix.rows - 1}
            value={cell.row}
            onChange={(row) => at({ row: Number(row) })}
          />
        )}
        <NumberInput
          label={matrix.isVector ? "Entry" : "Column"}
          w={80}
          min={0}
          max={matrix.columns - 1}
          value={cell.column}
          onChange={(column) => at({ column: Number(column) })}
        />
        <NumberInput
          label={`Value, now ${num(matrix.at(cell), 4)}`}
          miw={150}
          flex={1}
          value={value}
          onChange={setValue}
          hideControls
          decimalScale={6}
        />
        <Button type="submit" variant="default" loading={busy}>
          Set cell
        </Button>
      </div>
    </form>
  );
}

/** What the field starts with; empty while the cell's window is on its way. */
const startOf = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(5)) : "");
