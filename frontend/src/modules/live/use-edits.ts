import { useEffect, useMemo } from "react";

import { useKept } from "@/lib/kept";
import type { Model } from "@/lib/types";
import { newDraft, missing, toRequest, type Draft } from "@/modules/effects/editor/draft";
import { useInterpretation } from "@/modules/features/api";

import type { Session } from "./session";
import type { LiveEdit } from "./sim/edits";

export interface EditsState {
  drafts: Draft[];
  live: LiveEdit[];
  features: number[];
  suggested: number[];
  change: (id: number, patch: Partial<Draft>) => void;
  add: () => void;
  remove: (id: number) => void;
  /** Back to one untouched slider; only while there is something to put back. */
  reset: (() => void) | undefined;
}

/** What was moved, and the page's feature meanwhile: another one asked for begins anew. */
const NONE: { drafts: Draft[]; of: number | null } = { drafts: [newDraft(0, 0)], of: null };

/** A new edit begins at α = 0: nothing moves until the hand does. */
const fresh = (id: number, feature: number): Draft => ({ ...newDraft(id, feature), unit: "alpha", value: 0 });

function toLive(draft: Draft): LiveEdit | null {
  if (draft.feature === "" || missing(draft) !== null) return null;
  const gate = toRequest(draft).gate ?? null;
  return { feature: Number(draft.feature), alpha: Number(draft.value), gate };
}

/** The features on the sliders, handed to the session at once: the next step feels them. */
export function useEdits(model: Model, session: Session, feature: number | undefined): EditsState {
  const ranking = useInterpretation(model, { target_dim: 0, top_k: 20, sort_by: "ablation_effect" });
  const suggested = useMemo(() => ranking.data?.features.map((row) => row.feature_idx) ?? [], [ranking.data]);
  const first = feature ?? model.intervention?.feature_idx ?? suggested[0] ?? 0;
  const kept = useKept(model.id, `live ${model.sae?.id ?? ""}`, NONE);
  const of = feature ?? null;
  const counts = kept.reset !== undefined && kept.typed.of === of;
  const { drafts: moved } = kept.typed;
  const drafts = useMemo(() => (counts ? moved : [fresh(0, first)]), [counts, moved, first]);
  const live = useMemo(() => drafts.map(toLive).filter((edit): edit is LiveEdit => edit !== null), [drafts]);
  useEffect(() => {
    session.setEdits(live);
  }, [session, live]);

  const setDrafts = (next: Draft[]) => kept.change({ drafts: next, of });
  const change = (id: number, patch: Partial<Draft>) =>
    setDrafts(drafts.map((draft) => (draft.id === id ? { ...draft, ...patch } : draft)));
  const add = () => {
    const used = new Set(drafts.map((draft) => Number(draft.feature)));
    const next = suggested.find((each) => !used.has(each)) ?? 0;
    setDrafts([...drafts, fresh(Math.max(...drafts.map((draft) => draft.id)) + 1, next)]);
  };
  const remove = (id: number) => setDrafts(drafts.filter((draft) => draft.id !== id));
  const reset = counts ? kept.reset : undefined;
  return { drafts, live, features: live.map((edit) => edit.feature), suggested, change, add, remove, reset };
}
