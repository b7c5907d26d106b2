import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";

import { useKept } from "@/lib/kept";
import type { Model } from "@/lib/types";
import { isSimple } from "@/modules/runs/arms";
import { useEnvInfo } from "@/modules/runs/use-env-info";
import { Failure } from "@/ui/States";
import { ToDefaults } from "@/ui/ToDefaults";

import { useDose, useStoreEdits } from "../api";
import { DoseReadout } from "./DoseReadout";
import { draftOf, missing, newDraft, toRequest, type Draft } from "./draft";
import { EditCard } from "./EditCard";
import { clause, sentence } from "./words";
import classes from "./Editor.module.css";

const MOST = 64;
const SETTLE_MS = 250;

interface Props {
  model: Model;
  feature: number | undefined;
  onStored: () => void;
  steer?: number[];
}

/** Starts from the features that are to be steered together, else from what was typed here before, from what is stored when that is more than the slider can show, else from the chosen feature. */
function firstDrafts({ model: { intervention }, feature, steer }: Props): Draft[] {
  if (steer) return steer.map((each, index) => newDraft(index, each));
  const edits = intervention?.edits ?? [];
  if (edits.length === 0 || isSimple(edits)) return [newDraft(0, feature ?? "")];
  return edits.map((edit, index) => draftOf(index, edit));
}

const NONE: { drafts: Draft[]; of: number | null } = { drafts: [newDraft(0, "")], of: null };

/** What is on the cards. A single one that was typed belongs to the feature that the page was on. */
function useDrafts(props: Props) {
  const { model, feature, steer } = props;
  const [first] = useState(() => firstDrafts(props));
  const form = ["editor", model.sae?.id, ...(steer ?? [])].join(" ");
  const { typed, change, reset, sent } = useKept(model.id, form, NONE);
  const of = feature ?? null;
  const counts = reset !== undefined && (typed.drafts.length > 1 || typed.of === of);
  return {
    drafts: counts ? typed.drafts : first,
    setDrafts: (drafts: Draft[]) => change({ drafts, of }),
    reset: counts ? reset : undefined,
    sent,
  };
}

/** Several features, gates, schedules and units; the sentence says what will happen, the gauge how strong it is. */
export default function InterventionEditor(props: Props) {
  const { model, onStored } = props;
  const env = useEnvInfo(model);
  const { drafts, setDrafts, reset, sent } = useDrafts(props);
  const store = useStoreEdits(model.id);
  const problem = drafts.map(missing).find((each) => each !== null) ?? null;
  const requests = problem === null ? drafts.map(toRequest) : [];
  const [settled] = useDebouncedValue(JSON.stringify(requests), SETTLE_MS);
  const dose = useDose(model.id, JSON.parse(settled) as typeof requests, problem === null);
  const nameOf = ({ gate }: Draft) => env?.observations[gate.index]?.name ?? `observation ${gate.index}`;
  const replace = (next: Draft) => setDrafts(drafts.map((each) => (each.id === next.id ? next : each)));
  const add = () => setDrafts([...drafts, newDraft(Math.max(...drafts.map((each) => each.id)) + 1, "")]);
  return (
    <form
      className={classes.editor}
      onSubmit={(event) => {
        event.preventDefault();
        store.mutate(requests, {
          onSuccess: () => {
            sent();
            onStored();
          },
        });
      }}
    >
      {drafts.map((draft, index) => (
        <EditCard
          key={draft.id}
          model={model}
          env={env}
          draft={draft}
          position={index + 1}
          onChange={replace}
          onRemove={
            drafts.length > 1 ? () => setDrafts(drafts.filter((each) => each.id !== draft.id)) : undefined
          }
        />
      ))}
      <Button size="xs" variant="default" disabled={drafts.length >= MOST} onClick={add}>
        Add another feature
      </Button>
      <ToDefaults onReset={reset} />
      <p className={classes.sentence} role="status">
        {problem ??
          sentence(
            drafts.map((draft) => clause(draft, nameOf(draft))),
            model.sae?.tap_index ?? 0,
          )}
      </p>
      {problem === null && dose.error && <Failure error={dose.error} />}
      {problem === null && dose.data?.dose && <DoseReadout dose={dose.data.dose} />}
      <Button type="submit" disabled={problem !== null} loading={store.isPending}>
        Store for the next run
      </Button>
      {store.error && <Failure error={store.error} />}
    </form>
  );
}
