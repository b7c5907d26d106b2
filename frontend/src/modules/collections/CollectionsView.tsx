import { Button, TextInput } from "@mantine/core";
import { useState } from "react";

import { plural } from "@/lib/format";
import type { Collection, Model } from "@/lib/types";
import { Block, Empty, Failure, Notice } from "@/ui/States";

import { useCollections, useCreateCollection, useDeleteCollection } from "./api";
import { CollectionCard } from "./CollectionCard";
import classes from "./Collections.module.css";

interface Props {
  model: Model;
  feature: number | undefined;
  onFeature: (feature: number) => void;
  /** Show the table with these features only. */
  onFilter: (collection: string) => void;
}

/** Every collection of the SAE with what is in it. What was deleted can be brought back. */
export default function CollectionsView({ model, feature, onFeature, onFilter }: Props) {
  const { data, error, refetch } = useCollections(model);
  const remove = useDeleteCollection(model);
  const create = useCreateCollection(model);
  const [gone, setGone] = useState<Collection>();
  const restore = (collection: Collection) =>
    create.mutate(
      {
        name: collection.name,
        features: collection.features.map(({ feature_idx, note }) => ({ feature_idx, note })),
      },
      { onSuccess: () => setGone(undefined) },
    );
  if (error)
    return <Failure error={error} onRetry={() => void refetch()} title="The collections could not be read" />;
  if (!data) return <Block height={320} label="Reading the collections" />;
  const nothing = data.every(({ features, bookmarks }) => bookmarks && features.length === 0);
  return (
    <div className={classes.view}>
      <Begin model={model} />
      {gone && (
        <Notice
          action={
            <Button size="xs" variant="default" loading={create.isPending} onClick={() => restore(gone)}>
              Undo
            </Button>
          }
        >
          “{gone.name}” with {plural(gone.features.length, "feature")} was deleted.
        </Notice>
      )}
      {(remove.error ?? create.error) && <Failure error={remove.error ?? create.error} />}
      {nothing && (
        <Empty title="Nothing collected yet">
          A star in the table or the key b bookmarks a feature; “Collect” on a feature’s page puts it into a
          collection with a name.
        </Empty>
      )}
      {data
        .filter(({ bookmarks, features }) => !bookmarks || features.length > 0)
        .map((collection) => (
          <CollectionCard
            key={collection.id}
            model={model}
            collection={collection}
            feature={feature}
            onFeature={onFeature}
            onFilter={onFilter}
            onDelete={() => remove.mutate(collection.id, { onSuccess: () => setGone(collection) })}
          />
        ))}
    </div>
  );
}

function Begin({ model }: { model: Model }) {
  const create = useCreateCollection(model);
  const [name, setName] = useState("");
  return (
    <>
      <form
        className={classes.begin}
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate({ name: name.trim(), features: [] }, { onSuccess: () => setName("") });
        }}
      >
        <TextInput
          size="xs"
          w={260}
          maxLength={120}
          aria-label="Name of a new collection"
          placeholder="New collection, such as right knee"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button
          type="submit"
          size="xs"
          variant="default"
          disabled={name.trim() === ""}
          loading={create.isPending}
        >
          Begin collection
        </Button>
      </form>
      {create.error && <Failure error={create.error} />}
    </>
  );
}
