import { Button, Checkbox, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { count } from "@/lib/format";
import { saveText } from "@/lib/save";
import type { TableView } from "@/lib/table-view";
import type { Model, TablePage } from "@/lib/types";
import { useCollections } from "@/modules/collections/api";
import { Icon } from "@/ui/Icon";
import { Failure } from "@/ui/States";

import { allRows } from "./api";
import { toCsv } from "./csv";
import { ReadAs } from "./search/Matches";
import { groupTargets } from "./targets";
import classes from "./Explore.module.css";

const BADGES = [
  "periodic", "tonic", "transient", "phase tile", "general", "episode-specific", "dense", "dead",
]; // prettier-ignore
const PAUSE_MS = 250;

interface Props {
  model: Model;
  first: TablePage;
  view: TableView;
  onView: (view: TableView) => void;
}

/** The question of the table and its filters. */
export function Toolbar({ model, first, view, onView }: Props) {
  const change = (patch: TableView) => onView({ ...view, ...patch });
  const filtered = first.matching < first.d_latent;
  return (
    <>
      <div className={classes.tools}>
        <Select
          label="Target"
          size="xs"
          w={240}
          searchable
          allowDeselect={false}
          data={groupTargets(first.targets)}
          value={first.target.key}
          onChange={(target) => target !== null && change({ target, ...unfit(target, view) })}
        />
        <Search
          value={view.search ?? ""}
          onSearch={(search) =>
            change({ search: search || undefined, ...(view.sort === "match" && { sort: undefined }) })
          }
        />
        <Select
          label="Badge"
          size="xs"
          w={140}
          clearable
          placeholder="any"
          data={BADGES}
          value={view.badge ?? null}
          onChange={(badge) => change({ badge: badge ?? undefined })}
        />
        <CollectionSelect
          model={model}
          value={view.collection}
          onChange={(collection) => change({ collection })}
        />
        <div className={classes.checks}>
          <Checkbox
            size="xs"
            label="alive"
            checked={view.alive ?? false}
            onChange={(event) => change({ alive: event.currentTarget.checked || undefined })}
          />
          <Checkbox
            size="xs"
            label="percentile ≥ 90"
            checked={view.percentile !== undefined}
            onChange={(event) => change({ percentile: event.currentTarget.checked ? 90 : undefined })}
          />
          <Checkbox
            size="xs"
            label="q ≤ 0.05"
            checked={view.q !== undefined}
            onChange={(event) => change({ q: event.currentTarget.checked ? 0.05 : undefined })}
          />
        </div>
      </div>
      <div className={classes.count}>
        <p role="status">
          {filtered
            ? `${count(first.matching)} of ${count(first.d_latent)} features`
            : `${count(first.d_latent)} features`}
          {`, ${count(first.dead_features)} dead, ${count(first.n_samples)} states`}
        </p>
        {first.search && <ReadAs search={first.search} />}
        <Export model={model} view={view} />
      </div>
    </>
  );
}

interface CollectionSelectProps {
  model: Model;
  value: string | undefined;
  onChange: (collection: string | undefined) => void;
}

/** Only what was collected; one that the address names and that is gone can be put away. */
function CollectionSelect({ model, value, onChange }: CollectionSelectProps) {
  const { data = [] } = useCollections(model);
  const known = data.map(({ id, name, features }) => ({ value: id, label: `${name} (${features.length})` }));
  const bookmarks = data.find((each) => each.bookmarks)?.id;
  const chosen = value === "bookmarks" ? bookmarks : value;
  const gone = chosen !== undefined && !known.some((each) => each.value === chosen);
  return (
    <Select
      label="Collection"
      size="xs"
      w={150}
      clearable
      placeholder="any"
      data={gone ? [...known, { value: chosen, label: "deleted" }] : known}
      value={chosen ?? null}
      onChange={(id) => onChange(id ?? undefined)}
    />
  );
}

/** Orders that only an action has are put away with the action. */
function unfit(target: string, { sort }: TableView): TableView {
  return !target.startsWith("action:") && sort === "local_gain" ? { sort: undefined, order: undefined } : {};
}

function Search({ value, onSearch }: { value: string; onSearch: (words: string) => void }) {
  const [words, setWords] = useState(value);
  const [known, setKnown] = useState({ value, sent: value });
  if (known.value !== value) {
    // from elsewhere, such as a word that was offered: shown here; what was typed and sent is here already
    setKnown({ value, sent: value });
    if (value !== known.sent) setWords(value);
  }
  useEffect(() => {
    if (words === value) return;
    const timer = setTimeout(() => {
      setKnown({ value, sent: words });
      onSearch(words);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  });
  return (
    <TextInput
      label="Search"
      type="search"
      size="xs"
      w={200}
      maxLength={80}
      placeholder="right knee, stance, a note"
      value={words}
      onChange={(event) => setWords(event.currentTarget.value)}
    />
  );
}

function Export({ model, view }: { model: Model; view: TableView }) {
  const write = useMutation({
    mutationFn: async () => {
      const { rows, target } = await allRows(model.id, view);
      saveText(
        toCsv(rows, target.key),
        `${model.id}-features-${target.key.replace(":", "-")}.csv`,
        "text/csv",
      );
    },
  });
  return (
    <>
      {write.error && <Failure error={write.error} onRetry={() => write.mutate()} />}
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<Icon name="download" size={12} />}
        loading={write.isPending}
        onClick={() => write.mutate()}
      >
        CSV of these rows
      </Button>
    </>
  );
}
