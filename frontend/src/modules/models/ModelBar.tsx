import { Button } from "@mantine/core";

import { count, plural } from "@/lib/format";
import type { Model } from "@/lib/types";
import { Icon } from "@/ui/Icon";

import { activationWord } from "./network-layout";
import classes from "./ModelBar.module.css";

const SOURCES = {
  recorded: "recorded in the file",
  default: "assumed, the file does not record it",
  verified: "verified on cached data",
  user: "set by you",
} as const;

/** What was uploaded, in one line, and the way back to choosing another. */
export function ModelBar({ model, onChange }: { model: Model; onChange: () => void }) {
  const env = typeof model.metadata.env === "string" ? model.metadata.env : null;
  const facts: [string, string][] = [
    ["observation → action", `${model.obs_dim} → ${model.act_dim}`],
    ["parameters", count(model.n_parameters)],
    ["activation", `${activationWord(model.activation)}, ${SOURCES[model.activation_source]}`],
    ...(env ? [["environment", env] as [string, string]] : []),
    ...(model.n_edits > 0 ? [["weight edits", plural(model.n_edits, "edit")] as [string, string]] : []),
  ];
  return (
    <section id="upload" aria-labelledby="upload-title" className={classes.bar}>
      <div className={classes.name}>
        <span className={classes.step} aria-hidden="true">
          <Icon name="check" size={13} />
        </span>
        <div>
          <p className="muted micro">Upload</p>
          <h1 id="upload-title" tabIndex={-1} className={classes.title} title={model.name}>
            {model.name}
          </h1>
        </div>
      </div>
      <dl className={classes.facts}>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Button variant="default" size="sm" leftSection={<Icon name="swap" />} onClick={onChange}>
        Change model
      </Button>
    </section>
  );
}
