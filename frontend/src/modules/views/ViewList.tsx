import { ActionIcon, Button, TextInput } from "@mantine/core";
import { useState } from "react";

import { ago } from "@/lib/format";
import type { SavedView } from "@/lib/types";
import { Icon } from "@/ui/Icon";
import { Failure, Notice } from "@/ui/States";

import { useDeleteView, useRenameView, useSaveView } from "./api";
import classes from "./Views.module.css";

interface Props {
  views: SavedView[];
  /** Names of models, where the list is of several. */
  names?: ReadonlyMap<string, string>;
  onOpen: (view: SavedView) => void;
}

/** Named views; what was deleted can be brought back. */
export function ViewList({ views, names, onOpen }: Props) {
  const remove = useDeleteView();
  const save = useSaveView();
  const [gone, setGone] = useState<SavedView>();
  return (
    <>
      {gone && (
        <Notice
          action={
            <Button
              size="compact-xs"
              variant="default"
              loading={save.isPending}
              onClick={() => save.mutate(kept(gone), { onSuccess: () => setGone(undefined) })}
            >
              Undo
            </Button>
          }
        >
          “{gone.name}” was deleted.
        </Notice>
      )}
      {(remove.error ?? save.error) && <Failure error={remove.error ?? save.error} />}
      <ul className={classes.list} aria-label="Saved views">
        {views.map((view) => (
          <Row
            key={view.id}
            view={view}
            model={view.model_id === null ? undefined : names?.get(view.model_id)}
            onOpen={() => onOpen(view)}
            onDelete={() => remove.mutate(view.id, { onSuccess: () => setGone(view) })}
          />
        ))}
      </ul>
    </>
  );
}

/** What a view is made of again. */
const kept = ({ name, address, model_id }: SavedView) => ({ name, address, model_id });

interface RowProps {
  view: SavedView;
  model: string | undefined;
  onOpen: () => void;
  onDelete: () => void;
}

function Row({ view, model, onOpen, onDelete }: RowProps) {
  const rename = useRenameView();
  const [typed, setTyped] = useState<string>();
  const done = () => setTyped(undefined);
  return (
    <li>
      {typed === undefined ? (
        <button type="button" className={classes.open} onClick={onOpen}>
          {view.name}
          <small>
            {model && `${model}, `}
            <time dateTime={view.created_at}>{ago(view.created_at)}</time>
          </small>
        </button>
      ) : (
        <form
          className={classes.form}
          onSubmit={(event) => {
            event.preventDefault();
            rename.mutate({ id: view.id, name: typed.trim() }, { onSuccess: done });
          }}
        >
          <TextInput
            size="xs"
            autoFocus
            maxLength={120}
            aria-label={`New name of ${view.name}`}
            value={typed}
            error={rename.error?.message}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button type="submit" size="xs" disabled={typed.trim() === ""} loading={rename.isPending}>
            Rename
          </Button>
        </form>
      )}
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`Rename ${view.name}`}
        aria-expanded={typed !== undefined}
        onClick={() => (typed === undefined ? setTyped(view.name) : done())}
      >
        <Icon name="edit" size={15} />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label={`Delete ${view.name}`} onClick={onDelete}>
        <Icon name="trash" size={15} />
      </ActionIcon>
    </li>
  );
}
