import { Button, Checkbox, Popover, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Collection, Model } from "@/lib/types";
import { Failure } from "@/ui/States";

import { useCollections, useCreateCollection, usePlace } from "./api";
import classes from "./Collections.module.css";

interface Props {
  model: Model;
  feature: number;
}

/** In which collections a feature is; one more is begun here. */
export function CollectMenu({ model, feature }: Props) {
  const { data = [] } = useCollections(model);
  const held = data.filter((each) => !each.bookmarks && holds(each, feature)).length;
  return (
    <Popover position="bottom-end" shadow="md" withArrow trapFocus returnFocus>
      <Popover.Target>
        <Button size="xs" variant="default">
          {held > 0 ? `In ${held} ${held === 1 ? "collection" : "collections"}` : "Collect"}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={`Collections of feature ${feature}`}>
        <Choices model={model} feature={feature} />
      </Popover.Dropdown>
    </Popover>
  );
}

const holds = ({ features }: Collection, feature: number) =>
  features.some(({ feature_idx }) => feature_idx === feature);

function Choices({ model, feature }: Props) {
  const { data = [], error } = useCollections(model);
  const place = usePlace(model);
  const create = useCreateCollection(model);
  const [name, setName] = useState("");
  const begin = () =>
    create.mutate(
      { name: name.trim(), features: [{ feature_idx: feature, note: "" }] },
      { onSuccess: () => setName("") },
    );
  const failed = error ?? place.error ?? create.error;
  return (
    <div className={classes.menu}>
      {data.map((each) => (
        <Checkbox
          key={each.id}
          size="xs"
          label={each.name}
          checked={holds(each, feature)}
          onChange={(event) =>
            place.mutate({
              collection: each.id,
              feature,
              note: event.currentTarget.checked ? undefined : null,
            })
          }
        />
      ))}
      <form
        className={classes.begin}
        onSubmit={(event) => {
          event.preventDefault();
          begin();
        }}
      >
        <TextInput
          size="xs"
          maxLength={120}
          aria-label="Name of a new collection"
          placeholder="New collection"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" size="xs" disabled={name.trim() === ""} loading={create.isPending}>
          Add
        </Button>
      </form>
      {failed && <Failure error={failed} />}
    </div>
  );
}
