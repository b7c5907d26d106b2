import { ActionIcon, Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { plural } from "@/lib/format";
import type { Collection, Model } from "@/lib/types";
import { useView } from "@/lib/view";
import { Icon } from "@/ui/Icon";
import { Failure } from "@/ui/States";

import { downloadCollection, useRenameCollection } from "./api";
import { CollectionTable } from "./CollectionTable";
import classes from "./Collections.module.css";

const MOST_STEERED = 64;

export interface CardProps {
  model: Model;
  collection: Collection;
  feature: number | undefined;
  onFeature: (feature: number) => void;
  onFilter: (collection: string) => void;
  onDelete: () => void;
}

/** One collection: its features, and what can be done with all of them. */
export function CollectionCard({ model, collection, feature, onFeature, onFilter, onDelete }: CardProps) {
  const { openSection } = useView();
  const save = useMutation({ mutationFn: () => downloadCollection(model, collection) });
  const numbers = collection.features.map(({ feature_idx }) => feature_idx);
  const steer = () => openSection("perturb", { steer: numbers, feature: numbers[0] });
  const full = numbers.length > MOST_STEERED;
  return (
    <section className={classes.card} aria-label={`Collection ${collection.name}`}>
      <header>
        <Title model={model} collection={collection} />
        <div className={classes.actions}>
          <Button
            size="compact-xs"
            disabled={numbers.length === 0 || full}
            title={full ? `At most ${MOST_STEERED} features can be pushed at once` : undefined}
            onClick={steer}
          >
            Steer all
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => onFilter(collection.id)}>
            Show in table
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<Icon name="download" size={12} />}
            loading={save.isPending}
            onClick={() => save.mutate()}
          >
            CSV
          </Button>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={collection.bookmarks ? "Remove all bookmarks" : `Delete ${collection.name}`}
            onClick={onDelete}
          >
            <Icon name="trash" size={15} />
          </ActionIcon>
        </div>
      </header>
      {save.error && <Failure error={save.error} onRetry={() => save.mutate()} />}
      {numbers.length === 0 ? (
        <p className="muted small">Empty: “Collect” on a feature’s page adds to it.</p>
      ) : (
        <CollectionTable model={model} collection={collection} feature={feature} onFeature={onFeature} />
      )}
    </section>
  );
}

/** The name, which a click on the pencil makes a field. */
function Title({ model, collection }: Pick<CardProps, "model" | "collection">) {
  const rename = useRenameCollection(model, collection.id);
  const [typed, setTyped] = useState<string>();
  const done = () => setTyped(undefined);
  if (typed === undefined)
    return (
      <h3>
        {collection.bookmarks ? "Bookmarks" : collection.name}
        <small>{plural(collection.features.length, "feature")}</small>
        {!collection.bookmarks && (
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={`Rename ${collection.name}`}
            onClick={() => setTyped(collection.name)}
          >
            <Icon name="edit" size={14} />
          </ActionIcon>
        )}
      </h3>
    );
  return (
    <form
      className={classes.begin}
      onSubmit={(event) => {
        event.preventDefault();
        rename.mutate(typed.trim(), { onSuccess: done });
      }}
    >
      <TextInput
        size="xs"
        autoFocus
        maxLength={120}
        aria-label={`New name of ${collection.name}`}
        value={typed}
        error={rename.error?.message}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && done()}
      />
      <Button type="submit" size="xs" disabled={typed.trim() === ""} loading={rename.isPending}>
        Rename
      </Button>
    </form>
  );
}
