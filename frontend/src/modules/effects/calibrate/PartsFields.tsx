import { ActionIcon, Button, NumberInput } from "@mantine/core";

import type { Model } from "@/lib/types";
import { Icon } from "@/ui/Icon";

import { FeatureField } from "../study/StudyFields";
import { MOST_PARTS, newPart, type Part } from "./parts";
import classes from "../Effects.module.css";

interface Props {
  model: Model;
  parts: Part[];
  onChange: (parts: Part[]) => void;
}

/** One feature, or several with their shares of the push. */
export function PartsFields({ model, parts, onChange }: Props) {
  const several = parts.length > 1;
  const change = (id: number, patch: Partial<Part>) =>
    onChange(parts.map((part) => (part.id === id ? { ...part, ...patch } : part)));
  const add = () => onChange([...parts, newPart(Math.max(...parts.map(({ id }) => id)) + 1, "")]);
  return (
    <div className={classes.parts}>
      {parts.map(({ id, feature, share }, index) => (
        <div key={id} className={classes.pushed} role="group" aria-label={`Feature ${index + 1} of the push`}>
          <FeatureField
            model={model}
            value={feature ?? ""}
            onChange={(next) => change(id, { feature: next })}
          />
          {several && (
            <>
              <NumberInput
                label="Share"
                step={0.1}
                min={-1000}
                max={1000}
                value={share}
                onChange={(next) => change(id, { share: next })}
              />
              <ActionIcon
                variant="default"
                size={36}
                aria-label={`Drop feature ${index + 1}`}
                onClick={() => onChange(parts.filter((part) => part.id !== id))}
              >
                <Icon name="trash" size={14} />
              </ActionIcon>
            </>
          )}
        </div>
      ))}
      <Button variant="default" disabled={parts.length >= MOST_PARTS} onClick={add}>
        Add a feature
      </Button>
    </div>
  );
}
