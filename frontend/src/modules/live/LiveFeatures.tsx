import { ActionIcon, Button, NumberInput, Select, Slider } from "@mantine/core";
import { useMemo } from "react";

import { alphaText, fixed } from "@/lib/format";
import type { EnvInfo, Model } from "@/lib/types";
import { useDose } from "@/modules/effects/api";
import type { Draft } from "@/modules/effects/editor/draft";
import { GateFields } from "@/modules/effects/editor/GateFields";
import { Explain } from "@/ui/Explain";
import { Icon } from "@/ui/Icon";
import { Panel } from "@/ui/Panel";
import { ToDefaults } from "@/ui/ToDefaults";

import type { EditsState } from "./use-edits";
import classes from "./Live.module.css";

interface Props {
  model: Model;
  env: EnvInfo;
  edits: EditsState;
  /** The environment has a stride, so that gates may look at its phase. */
  cycle: boolean;
}

const MOST = 6;
const USUAL_LIMIT = 5;
/** The slider ends where the action moves by this share of its own variation: most gaits have collapsed. */
const STRONG = 0.4;

export function LiveFeatures({ model, env, edits, cycle }: Props) {
  return (
    <Panel
      id="live-features"
      title="Features"
      aside={
        <>
          <Button
            size="compact-xs"
            variant="default"
            disabled={edits.drafts.length >= MOST}
            onClick={edits.add}
          >
            Add a feature
          </Button>
          <ToDefaults onReset={edits.reset} />
        </>
      }
    >
      <div className={classes.cards}>
        {edits.drafts.map((draft) => (
          <FeatureCard key={draft.id} model={model} env={env} draft={draft} edits={edits} cycle={cycle} />
        ))}
      </div>
    </Panel>
  );
}

/** α that moves the action by `STRONG`: two features with equal sliders push about equally hard. */
function useLimit(model: Model, feature: Draft["feature"]): number {
  const wanted = model.sae?.has_cached_data === true && feature !== "";
  const edit = { feature_idx: Number(feature), op: "add" as const, value: STRONG, unit: "action_displacement" as const }; // prettier-ignore
  const { data } = useDose(model.id, [edit], wanted);
  const alpha = Math.abs(data?.edits[0]?.value ?? USUAL_LIMIT);
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(alpha)));
  return Number(alpha.toFixed(decimals)) || USUAL_LIMIT;
}

function FeatureCard({
  model,
  env,
  draft,
  edits,
  cycle,
}: Omit<Props, "edits"> & { draft: Draft; edits: EditsState }) {
  // prettier-ignore
  const limit = useLimit(model, draft.feature);
  const alpha = Number(draft.value);
  const change = (patch: Partial<Draft>) => edits.change(draft.id, patch);
  const step = limit / 100;
  const set = (value: number) => change({ value: Number(value.toFixed(4)) });
  const options = useMemo(() => {
    const all = Array.from({ length: model.sae?.d_latent ?? 0 }, (_, index) => index);
    const first = new Set(edits.suggested);
    const order = [...edits.suggested, ...all.filter((each) => !first.has(each))];
    return order.map((each) => ({ value: String(each), label: `Feature ${String(each)}` }));
  }, [model.sae?.d_latent, edits.suggested]);
  return (
    <section className={classes.card} aria-label={`Feature ${draft.feature}`}>
      <div className={classes.row}>
        <Select
          aria-label="Feature"
          size="xs"
          flex={1}
          searchable
          allowDeselect={false}
          limit={60}
          data={options}
          value={String(draft.feature)}
          onChange={(value) => value !== null && change({ feature: Number(value), value: 0 })}
        />
        <NumberInput
          aria-label="α, exact"
          size="xs"
          w={84}
          step={step}
          decimalScale={4}
          value={draft.value}
          onChange={(value) => typeof value === "number" && set(value)}
        />
        <Button size="xs" variant="default" disabled={alpha === 0} onClick={() => set(0)}>
          0
        </Button>
        {edits.drafts.length > 1 && (
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Remove feature ${draft.feature}`}
            onClick={() => edits.remove(draft.id)}
          >
            <Icon name="trash" />
          </ActionIcon>
        )}
      </div>
      <Slider
        thumbLabel={`α of feature ${draft.feature}`}
        thumbValueText={alphaText}
        min={-limit}
        max={limit}
        step={step}
        startPointValue={0}
        label={null}
        color={alpha < 0 ? "var(--neg)" : "var(--pos)"}
        marks={[{ value: -limit }, { value: 0 }, { value: limit }]}
        value={Math.max(-limit, Math.min(limit, alpha))}
        onChange={set}
      />
      <div className={classes.ends}>
        <span>{fixed(-limit, 2)}</span>
        <span>
          α <Explain term="alpha" />
        </span>
        <span>+{fixed(limit, 2)}</span>
      </div>
      <details className={classes.gate}>
        <summary>{draft.gate.kind === "always" ? "Acts always" : "Acts while its gate is open"}</summary>
        <GateFields model={model} env={env} gate={draft.gate} onChange={(gate) => change({ gate })} />
        {draft.gate.kind === "phase" && !cycle && (
          <p className={classes.hint}>
            This environment shows no stride, so it has no phase. Choose another gate.
          </p>
        )}
      </details>
    </section>
  );
}
