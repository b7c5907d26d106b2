import { Button, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { useRef, useState } from "react";

import type { Acting, ActingChange } from "@/lib/types";
import { Block, Failure } from "@/ui/States";

import classes from "./Acting.module.css";
import { useActing, useAttachNormalisation, useChangeActing, useResetActing } from "./acting-api";
import { changeOf, listed, SCALINGS, SQUASHES } from "./acting";

/** How the policy acts around its layers: what its file says, what was corrected, and a form to correct it. */
export default function ActingForm({ modelId }: { modelId: string }) {
  const { data, error, refetch } = useActing(modelId);
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Block height={260} label="Reading how the model acts" />;
  return <Form key={JSON.stringify(data)} modelId={modelId} acting={data} />;
}

function Form({ modelId, acting }: { modelId: string; acting: Acting }) {
  const [draft, setDraft] = useState({
    squash: acting.squash,
    scaling: acting.action_scaling,
    low: listed(acting.action_low),
    high: listed(acting.action_high),
  });
  const change = useChangeActing(modelId);
  const reset = useResetActing(modelId);
  const failed = change.error ?? reset.error;
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(changeOf(draft));
      }}
    >
      <NativeSelect
        label="After the last layer"
        data={SQUASHES}
        value={draft.squash}
        onChange={(event) => setDraft({ ...draft, squash: event.currentTarget.value as Acting["squash"] })}
      />
      <NativeSelect
        label="Squashed actions are"
        data={SCALINGS}
        value={draft.scaling}
        onChange={(event) =>
          setDraft({ ...draft, scaling: event.currentTarget.value as Acting["action_scaling"] })
        }
      />
      {draft.scaling === "range" &&
        (["low", "high"] as const).map((end) => (
          <TextInput
            key={end}
            label={end === "low" ? "Lowest actions" : "Highest actions"}
            description={`${acting.act_dim} numbers, separated by commas`}
            value={draft[end]}
            onChange={(event) => setDraft({ ...draft, [end]: event.currentTarget.value })}
          />
        ))}
      <Observation modelId={modelId} acting={acting} onChange={(body) => change.mutate(body)} />
      {failed && <Failure error={failed} />}
      <div className={classes.buttons}>
        <Button type="submit" loading={change.isPending}>
          Correct
        </Button>
        <Button
          variant="default"
          disabled={!acting.corrected}
          loading={reset.isPending}
          onClick={() => reset.mutate(undefined)}
        >
          As the file says
        </Button>
        <span className="muted small">
          {acting.corrected ? "Corrected by hand. Later runs use this." : "Nothing is corrected."}
        </span>
      </div>
    </form>
  );
}

interface ObservationProps {
  modelId: string;
  acting: Acting;
  onChange: (body: ActingChange) => void;
}

/** Mean and scale come from a file; the limit can be typed, and all of it taken away. */
function Observation({ modelId, acting, onChange }: ObservationProps) {
  const input = useRef<HTMLInputElement>(null);
  const attach = useAttachNormalisation(modelId);
  const now = acting.observation;
  const limit = (value: number | string) => {
    if (now) onChange({ observation: { ...now, clip: value === "" ? null : Number(value) } });
  };
  return (
    <div className={classes.wide}>
      <p>
        {now
          ? `Observations are normalised: mean ${listed(now.mean, 4)}, scale ${listed(now.scale, 4)}.`
          : "Observations reach the first layer as they are."}
      </p>
      <div className={classes.buttons}>
        {now && (
          <NumberInput
            label="Limit after normalising"
            placeholder="none"
            defaultValue={now.clip ?? ""}
            onBlur={(event) => limit(event.currentTarget.value)}
          />
        )}
        <Button variant="default" loading={attach.isPending} onClick={() => input.current?.click()}>
          Attach vec_normalize.pkl
        </Button>
        {now && (
          <Button variant="subtle" onClick={() => onChange({ observation: null })}>
            Do not normalise
          </Button>
        )}
      </div>
      <input
        ref={input}
        type="file"
        aria-label="VecNormalize file"
        className="visually-hidden"
        accept=".pkl"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) attach.mutate(file);
          event.currentTarget.value = "";
        }}
      />
      {attach.error && <Failure error={attach.error} />}
    </div>
  );
}
