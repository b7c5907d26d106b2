import { NumberInput, Select } from "@mantine/core";

import type { EnvInfo, Model } from "@/lib/types";
import { Explain } from "@/ui/Explain";

import type { GateDraft } from "./draft";
import classes from "./Editor.module.css";

interface Props {
  model: Model;
  env: EnvInfo | undefined;
  gate: GateDraft;
  onChange: (gate: GateDraft) => void;
}

const KINDS = [
  { value: "always", label: "always" },
  { value: "active", label: "a feature is active" },
  { value: "phase", label: "phase of the stride" },
  { value: "contact", label: "a foot is on the floor" },
  { value: "observation", label: "an observation is beyond a bound" },
];

/** When the edit acts, judged from the state at every step. */
export function GateFields({ model, env, gate, onChange }: Props) {
  const change = (patch: Partial<GateDraft>) => onChange({ ...gate, ...patch });
  return (
    <div className={classes.part}>
      <Select
        label="When"
        size="xs"
        allowDeselect={false}
        data={KINDS.filter(({ value }) => value !== "contact" || env?.feet.length)}
        value={gate.kind}
        onChange={(kind) =>
          kind !== null &&
          change({ kind: kind as GateDraft["kind"], foot: gate.foot || (env?.feet[0] ?? "") })
        }
      />
      {gate.kind === "active" && (
        <div className={classes.pair}>
          <NumberInput
            label="Of feature"
            size="xs"
            placeholder="the same"
            min={0}
            max={(model.sae?.d_latent ?? 1) - 1}
            value={gate.feature}
            onChange={(feature) => change({ feature })}
          />
          <NumberInput
            label="Above"
            size="xs"
            step={0.1}
            value={gate.threshold}
            onChange={(threshold) => change({ threshold })}
          />
        </div>
      )}
      {gate.kind === "phase" && (
        <div className={classes.pair}>
          <NumberInput
            label="From, strides"
            size="xs"
            min={0}
            max={1}
            step={0.05}
            value={gate.start}
            onChange={(start) => change({ start })}
          />
          <NumberInput
            label="To, strides"
            size="xs"
            min={0}
            max={1}
            step={0.05}
            value={gate.stop}
            onChange={(stop) => change({ stop })}
          />
          <span className={classes.hint}>
            0 is the crest of the rhythm <Explain term="phase" />
          </span>
        </div>
      )}
      {gate.kind === "contact" && (
        <div className={classes.pair}>
          <Select
            label="Foot"
            size="xs"
            allowDeselect={false}
            data={env?.feet ?? []}
            value={gate.foot || null}
            onChange={(foot) => foot !== null && change({ foot })}
          />
          <Select
            label="While it is"
            size="xs"
            allowDeselect={false}
            data={["on the floor", "in the air"]}
            value={gate.on_floor ? "on the floor" : "in the air"}
            onChange={(where) => change({ on_floor: where === "on the floor" })}
          />
        </div>
      )}
      {gate.kind === "observation" && <Observation model={model} env={env} gate={gate} change={change} />}
    </div>
  );
}

interface ObservationProps {
  model: Model;
  env: EnvInfo | undefined;
  gate: GateDraft;
  change: (patch: Partial<GateDraft>) => void;
}

function Observation({ model, env, gate, change }: ObservationProps) {
  const data = Array.from({ length: model.obs_dim }, (_, index) => {
    const channel = env?.observations[index];
    const unit = channel?.unit ? `, ${channel.unit}` : "";
    return { value: String(index), label: channel ? `${channel.name}${unit}` : `observation ${index}` };
  });
  return (
    <>
      <Select
        label="Observation"
        size="xs"
        searchable
        allowDeselect={false}
        data={data}
        value={String(gate.index)}
        onChange={(index) => index !== null && change({ index: Number(index) })}
      />
      <div className={classes.pair}>
        <NumberInput
          label="Above"
          size="xs"
          step={0.1}
          placeholder="no bound"
          value={gate.above}
          onChange={(above) => change({ above })}
        />
        <NumberInput
          label="Below"
          size="xs"
          step={0.1}
          placeholder="no bound"
          value={gate.below}
          onChange={(below) => change({ below })}
        />
      </div>
    </>
  );
}
