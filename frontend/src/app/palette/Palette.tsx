import { Modal, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState, type KeyboardEvent } from "react";

import { useView } from "@/lib/view";
import { searchQuery } from "@/modules/features/explore/api";
import { inWords } from "@/modules/features/explore/search/marked";
import { modelQuery, useModels } from "@/modules/models/api";
import { useRuns } from "@/modules/runs/api";
import { addressOf, useSavedViews } from "@/modules/views/api";

import { commandsFor, type Command, type Ways } from "./commands";
import classes from "./Palette.module.css";

const PAUSE_MS = 150;

interface Props {
  onClose: () => void;
  ways: Pick<Ways, "nextScheme" | "showKeys" | "takeTour">;
}

/** Ctrl-K: everything that can be reached, by its name. */
export default function Palette({ onClose, ways }: Props) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const found = useCommands(query, ways);
  const chosen = found[Math.min(at, found.length - 1)];
  const choose = (command: Command) => {
    onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined && found.length > 0) {
      event.preventDefault();
      setAt((Math.min(at, found.length - 1) + move + found.length) % found.length);
    }
    if (event.key === "Enter" && chosen) choose(chosen);
  };
  return (
    <Modal.Root opened onClose={onClose} size={620} yOffset="12vh">
      <Modal.Overlay />
      <Modal.Content aria-label="Commands">
        <TextInput
          data-autofocus
          variant="unstyled"
          placeholder="A page, a feature by number or by what it does, a run, a saved view, a model"
          role="combobox"
          aria-label="What to do"
          aria-expanded
          aria-controls="commands"
          aria-activedescendant={chosen && `command-${chosen.id}`}
          classNames={{ root: classes.query, input: classes.input }}
          value={query}
          onChange={(event) => {
            setQuery(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <ul id="commands" role="listbox" aria-label="Commands" className={classes.list}>
          {found.map((command, index) => (
            <Row
              key={command.id}
              command={command}
              first={found[index - 1]?.group !== command.group}
              chosen={command === chosen}
              onChoose={() => choose(command)}
            />
          ))}
        </ul>
        {found.length === 0 && <p className={classes.none}>Nothing is called “{query.trim()}”.</p>}
      </Modal.Content>
    </Modal.Root>
  );
}

interface RowProps {
  command: Command;
  first: boolean;
  chosen: boolean;
  onChoose: () => void;
}

function Row({ command, first, chosen, onChoose }: RowProps) {
  return (
    <>
      {first && (
        <li role="presentation" className={classes.group}>
          {command.group}
        </li>
      )}
      <li
        id={`command-${command.id}`}
        role="option"
        aria-selected={chosen}
        className={classes.row}
        ref={(row) => {
          if (chosen) row?.scrollIntoView({ block: "nearest" });
        }}
        onClick={onChoose}
      >
        <span>{command.label}</span>
        {command.hint && <small>{command.hint}</small>}
      </li>
    </>
  );
}

/** The commands of the moment: from what the page has already read, and the features that fit the words. */
function useCommands(query: string, ways: Props["ways"]): Command[] {
  const { view, openModel, openScreen, openSection, openAddress, openGallery } = useView();
  const { data: models = [] } = useModels();
  const { data: runs = [] } = useRuns(view.model);
  const { data: views = [] } = useSavedViews();
  const { data: open } = useQuery({ ...modelQuery(view.model ?? ""), enabled: view.model !== undefined });
  const found = useFound(query, open?.sae?.has_cached_data ? open.id : undefined);
  const known = {
    found,
    model: open && { id: open.id, features: open.sae?.d_latent ?? 0 },
    models,
    runs: view.model ? runs : [],
    views,
  };
  const copyLink = () => void navigator.clipboard.writeText(addressOf(window.location, open));
  const all = { ...ways, openModel, openScreen, openSection, openAddress, openGallery, copyLink };
  return commandsFor(query, known, all);
}

/** The features that do or say what was typed, once typing pauses. */
function useFound(query: string, model: string | undefined) {
  const [words] = useDebouncedValue(query.trim(), PAUSE_MS);
  const enabled = model !== undefined && words.length >= 2 && words.length <= 80;
  const { data = [] } = useQuery({ ...searchQuery(model ?? "", words), enabled });
  if (words !== query.trim()) return [];
  return data.map(({ feature_idx, match }) => ({ feature_idx, why: inWords(match ?? []) }));
}
