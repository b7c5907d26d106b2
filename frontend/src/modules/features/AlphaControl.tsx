import { Button, NumberInput, Slider } from "@mantine/core";
import { useState } from "react";

import { alphaText, fixed } from "@/lib/format";
import { Explain } from "@/ui/Explain";

import classes from "./Features.module.css";

export const ALPHA_LIMIT = 5;

const MARKS = [-5, -2.5, 0, 2.5, 5].map((value) => ({
  value,
  label: value > 0 ? `+${value}` : fixed(value, value % 1 === 0 ? 0 : 1),
}));

const clamp = (value: number) => Math.max(-ALPHA_LIMIT, Math.min(ALPHA_LIMIT, value));

interface Props {
  value: number;
  onChange: (alpha: number) => void;
  disabled: boolean;
}

/** A signed dose: zero in the middle, orange to the right, blue to the left. The address changes when the drag ends. */
export function AlphaControl({ value, onChange, disabled }: Props) {
  const [dragged, setDragged] = useState<number | null>(null);
  const shown = dragged ?? value;
  return (
    <div>
      <div className={classes.alphaHead}>
        <span className={classes.alphaLabel}>
          Strength α
          <Explain term="alpha" />
        </span>
        <NumberInput
          aria-label="Strength alpha, exact"
          size="xs"
          w={78}
          min={-ALPHA_LIMIT}
          max={ALPHA_LIMIT}
          step={0.1}
          decimalScale={3}
          value={shown}
          onChange={(next) => typeof next === "number" && onChange(clamp(next))}
          disabled={disabled}
        />
        <Button size="xs" variant="default" onClick={() => onChange(0)} disabled={disabled || shown === 0}>
          Reset
        </Button>
      </div>
      <Slider
        className={classes.slider}
        thumbLabel="Strength alpha"
        thumbValueText={alphaText}
        min={-ALPHA_LIMIT}
        max={ALPHA_LIMIT}
        step={0.1}
        startPointValue={0}
        marks={MARKS}
        label={null}
        color={shown < 0 ? "var(--neg)" : "var(--pos)"}
        value={shown}
        onChange={setDragged}
        onChangeEnd={(end) => {
          setDragged(null);
          onChange(Number(end.toFixed(1)));
        }}
        disabled={disabled}
      />
      <div className={classes.ends} aria-hidden="true">
        <span>suppress</span>
        <span>amplify</span>
      </div>
    </div>
  );
}
