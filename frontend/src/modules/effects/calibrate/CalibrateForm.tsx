import { NumberInput, SegmentedControl } from "@mantine/core";
import { useState } from "react";

import { calibrationEpisodes, sizeText } from "../study/settings";
import { StudyForm, type FormProps } from "../study/StudyForm";
import { useCommon } from "../study/use-form";
import { PartsFields } from "./PartsFields";
import { newPart, partsText, pushed } from "./parts";
import classes from "../Effects.module.css";

const FRESH = 20;

/** Which behaviour should change, and by how much: the dose is searched for. */
export function CalibrateForm({ feature, ...props }: FormProps) {
  const form = useCommon(props.model, props.envs, 8);
  const [typed, setTyped] = useState([newPart(0, null)]);
  const [change, setChange] = useState<number | string>(10);
  const [relative, setRelative] = useState(true);
  const { measure } = form.common;
  const unit = form.measures.data?.measures.find(({ key }) => key === measure)?.unit ?? "";
  // The first one follows the page until it is typed.
  const parts = typed.map((part) => ({ ...part, feature: part.feature ?? feature ?? "" }));
  const features = pushed(parts);
  const size = sizeText(calibrationEpisodes(form.seeds, FRESH), form.seeds, form.steps, true);
  return (
    <StudyForm
      {...props}
      kind="calibration"
      form={form}
      lowest={6}
      label="Find the dose"
      size={`${partsText(features)}${size} Each sign is searched on its own within what is safe, then confirmed on ${FRESH} fresh seeds.`}
      request={
        measure !== null && features !== null && change !== ""
          ? {
              ...form.body,
              features,
              target: { measure, change: Number(change) / (relative ? 100 : 1), relative },
              confirm_episodes: FRESH,
            }
          : null
      }
      lead={<PartsFields model={props.model} parts={parts} onChange={setTyped} />}
    >
      <Change unit={unit} change={change} onChange={setChange} relative={relative} onRelative={setRelative} />
    </StudyForm>
  );
}

interface ChangeProps {
  unit: string;
  change: number | string;
  onChange: (change: number | string) => void;
  relative: boolean;
  onRelative: (relative: boolean) => void;
}

/** How much: as a share of what it is now, or in the measure's own unit. */
function Change({ unit, change, onChange, relative, onRelative }: ChangeProps) {
  return (
    <>
      <NumberInput
        label="Wanted change"
        value={change}
        onChange={onChange}
        suffix={relative ? " %" : unit ? ` ${unit}` : ""}
      />
      <div>
        <span className={classes.label} id="relative-label">
          Change as
        </span>
        <SegmentedControl
          fullWidth
          aria-labelledby="relative-label"
          value={relative ? "share" : "unit"}
          onChange={(value) => onRelative(value === "share")}
          data={[
            { value: "share", label: "% of now" },
            { value: "unit", label: unit || "unit" },
          ]}
        />
      </div>
    </>
  );
}
