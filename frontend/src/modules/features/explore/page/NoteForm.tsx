import { Button, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Model, Note } from "@/lib/types";
import { Failure } from "@/ui/States";

import { usePutNote, type NoteText } from "../api";
import classes from "./Page.module.css";

interface Props {
  model: Model;
  feature: number;
  note: Note;
}

const textOf = ({ name, text, tags }: Note): NoteText => ({ name, text, tags });
const same = (a: NoteText, b: NoteText) => JSON.stringify(a) === JSON.stringify(b);

/** Your own name, notes and tags. What was saved over can be brought back. */
export function NoteForm({ model, feature, note }: Props) {
  const saved = textOf(note);
  const [draft, setDraft] = useState(saved);
  const [past, setPast] = useState<NoteText[]>([]);
  const put = usePutNote(model, feature);
  const changed = !same(draft, saved);
  const last = past.at(-1);

  const save = () => put.mutate(draft, { onSuccess: () => setPast([...past, saved]) });
  const undo = () => {
    if (!last) return;
    put.mutate(last, {
      onSuccess: () => {
        setPast(past.slice(0, -1));
        setDraft(last);
      },
    });
  };
  return (
    <form
      className={classes.part}
      aria-label={`Notes on feature ${feature}`}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <h4>Your notes</h4>
      <div className={classes.pair}>
        <TextInput
          label="Name"
          size="xs"
          maxLength={120}
          value={draft.name ?? ""}
          onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value || null })}
        />
        <TagsInput
          label="Tags"
          size="xs"
          maxTags={20}
          maxLength={40}
          acceptValueOnBlur
          value={draft.tags}
          onChange={(tags) => setDraft({ ...draft, tags })}
        />
      </div>
      <Textarea
        label="Notes"
        size="xs"
        rows={3}
        maxLength={10_000}
        value={draft.text}
        onChange={(event) => setDraft({ ...draft, text: event.currentTarget.value })}
      />
      <div className={classes.buttons}>
        <Button type="submit" size="xs" disabled={!changed} loading={put.isPending}>
          Save notes
        </Button>
        {changed && (
          <Button size="xs" variant="subtle" onClick={() => setDraft(saved)}>
            Discard
          </Button>
        )}
        {last && !changed && (
          <Button size="xs" variant="default" disabled={put.isPending} onClick={undo}>
            Undo
          </Button>
        )}
      </div>
      {put.error && <Failure error={put.error} onRetry={save} />}
    </form>
  );
}
