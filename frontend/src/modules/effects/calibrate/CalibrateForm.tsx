import { NumberInput, SegmentedControl } from "@mantine/core";

import { calibrationEpisodes, NO_FEATURE, proposed, sizeText, type Common } from "../study/settings";
import { StudyForm, type FormProps } from "../study/StudyForm";
import { useStudyFields } from "../study/use-form";
import { PartsFields } from "./PartsFields";
import { newPart, partsText, pushed, type Part } from "./parts";
import classes from "../Effects.module.css";

const FRESH = 20;

interface Fields extends Common {
  parts: Part[];
  /** The page's feature when they were typed. */
  of: number | null;
  wanted: number | string;
  relative: boolean;
}

const DEFAULTS: Fields = {
  ...proposed(8),
  parts: [newPart(0, null)],
  of: null,
  wanted: 10,
  relative: true,
};

/** Which behaviour should change, and by how much: the dose is searched for. */
export function CalibrateForm({ feature, ...props }: FormProps) {
  const form = useStudyFields(props.model, props.envs, "calibration", DEFAULTS);
  const { typed, change } = form;
  const { wanted, relative } = typed;
  const { measure } = form.common;
  const unit = form.measures.data?.measures.find(({ key }) => key === measure)?.unit ?? "";
  const of = feature ?? null;
  // A single feature follows the page until it is typed, and again once the page is on another.
  const asTyped = typed.parts.length > 1 || typed.of === of ? typed.parts : DEFAULTS.parts;
  const parts = asTyped.map((part) => ({ ...part, feature: part.feature ?? feature ?? "" }));
  const features = pushed(parts);
  const size = sizeText(calibrationEpisodes(form.seeds, FRESH), form.seeds, form.steps, true);
  return (
    <StudyForm
      {...props}
      kind="calibration"
      form={form}
      lowest={6}
      label="Find the dose"
      size={`${features === null ? NO_FEATURE : partsText(features)}${size} Each sign is searched on its own within what is safe, then confirmed on ${FRESH} fresh seeds.`}
      request={
        measure !== null && features !== null && wanted !== ""
          ? {
              ...form.body,
              features,
              target: { measure, change: Number(wanted) / (relative ? 100 : 1), relative },
              confirm_episodes: FRESH,
            }
          : null
      }
      lead={
        <PartsFields model={props.model} parts={parts} onChange={(next) => change({ parts: next, of })} />
      }
    >
      <Change
        unit={unit}
        change={wanted}
        onChange={(next) => change({ wanted: next })}
        relative={relative}
        onRelative={(next) => change({ relative: next })}
      />
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
