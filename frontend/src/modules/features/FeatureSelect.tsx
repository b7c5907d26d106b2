import { Select } from "@mantine/core";

import type { FeatureRow } from "@/lib/types";

import type { Measure } from "./columns";
import classes from "./Features.module.css";

interface Props {
  rows: FeatureRow[];
  measure: Measure;
  feature: number | undefined;
  onFeature: (feature: number) => void;
  onOpen: () => void;
}

/** Features in the table's order, each with the number that put it there. */
export function FeatureSelect({ rows, measure, feature, onFeature, onOpen }: Props) {
  const listed = new Map(rows.map((row) => [String(row.feature_idx), row]));
  const missing = feature !== undefined && !listed.has(String(feature)) ? [String(feature)] : [];
  return (
    <Select
      label="Feature"
      placeholder="Choose a feature"
      searchable
      allowDeselect={false}
      nothingFoundMessage="No such feature"
      data={[...missing, ...listed.keys()].map((value) => ({ value, label: `Feature ${value}` }))}
      value={feature === undefined ? null : String(feature)}
      onChange={(value) => value !== null && onFeature(Number(value))}
      onDropdownOpen={onOpen}
      renderOption={({ option }) => {
        const row = listed.get(option.value);
        return (
          <span className={classes.option}>
            {option.label}
            {row && (
              <small>
                {measure.label.toLowerCase()} {measure.text(row[measure.field])}
              </small>
            )}
          </span>
        );
      }}
    />
  );
}
