import { ActionIcon, TextInput } from "@mantine/core";
import { useState } from "react";

import { fixed, percent } from "@/lib/format";
import type { Collection, Model } from "@/lib/types";
import { Icon } from "@/ui/Icon";
import rowClasses from "@/ui/Rows.module.css";
import { Failure } from "@/ui/States";
import tableClasses from "@/ui/Table.module.css";

import { usePlace } from "./api";
import classes from "./Collections.module.css";

interface Props {
  model: Model;
  collection: Collection;
  feature: number | undefined;
  onFeature: (feature: number) => void;
}

type Entry = Collection["features"][number];

/** Name, effect and note of every feature in a collection. */
export function CollectionTable({ model, collection, feature, onFeature }: Props) {
  const place = usePlace(model);
  const put = (entry: Entry, note: string | null) =>
    place.mutate({ collection: collection.id, feature: entry.feature_idx, note });
  return (
    <div className={tableClasses.scroll}>
      <table className={`${tableClasses.plain} ${rowClasses.rows} ${classes.table}`}>
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col">Name</th>
            <th scope="col">Effect, SD</th>
            <th scope="col">Density</th>
            <th scope="col">Note</th>
            <th scope="col">
              <span className="visually-hidden">Take out</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {collection.features.map((entry) => (
            <tr
              key={entry.feature_idx}
              data-chosen={entry.feature_idx === feature}
              onClick={() => onFeature(entry.feature_idx)}
            >
              <td>
                <button
                  type="button"
                  className={rowClasses.pick}
                  aria-label={`Feature ${entry.feature_idx}`}
                  aria-pressed={entry.feature_idx === feature}
                >
                  {entry.feature_idx}
                </button>
              </td>
              <td className={classes.name} title={entry.name ?? undefined}>
                {entry.name ?? <span className="muted">not analysed</span>}
              </td>
              <td>{fixed(entry.effect, 3)}</td>
              <td>{percent(entry.density, 1)}</td>
              <td>
                <NoteField entry={entry} onNote={(note) => put(entry, note)} />
              </td>
              <td>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size="sm"
                  aria-label={`Take feature ${entry.feature_idx} out of ${collection.name}`}
                  onClick={(event) => {
                    event.stopPropagation();
                    put(entry, null);
                  }}
                >
                  <Icon name="trash" size={14} />
                </ActionIcon>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {place.error && <Failure error={place.error} />}
    </div>
  );
}

/** Saved on leaving it or with Enter. */
function NoteField({ entry, onNote }: { entry: Entry; onNote: (note: string) => void }) {
  const [typed, setTyped] = useState(entry.note);
  const save = () => {
    if (typed !== entry.note) onNote(typed);
  };
  return (
    <TextInput
      size="xs"
      maxLength={2000}
      placeholder="note"
      aria-label={`Note on feature ${entry.feature_idx}`}
      value={typed}
      onClick={(event) => event.stopPropagation()}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={save}
      onKeyDown={(event) => event.key === "Enter" && save()}
    />
  );
}
