import { Modal, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type KeyboardEvent } from "react";

import { useView } from "@/lib/view";
import { modelQuery, useModels } from "@/modules/models/api";
import { useRuns } from "@/modules/runs/api";

import { commandsFor, type Command, type Ways } from "./commands";
import classes from "./Palette.module.css";

interface Props {
  onClose: () => void;
  ways: Pick<Ways, "nextScheme" | "showKeys" | "takeTour">;
}

/** Ctrl-K: everything that can be reached, by its name. */
export default function Palette({ onClose, ways }: Props) {
  const commands = useCommands(ways);
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const found = commands(query);
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
          placeholder="A page, a feature by number or word, a run, a model"
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

/** The commands of the moment, from what the page has already read. */
function useCommands(ways: Props["ways"]): (query: string) => Command[] {
  const { view, openModel, openScreen, openSection, openGallery } = useView();
  const { data: models = [] } = useModels();
  const { data: runs = [] } = useRuns(view.model);
  const { data: open } = useQuery({ ...modelQuery(view.model ?? ""), enabled: view.model !== undefined });
  const known = {
    model: open && { id: open.id, features: open.sae?.d_latent ?? 0 },
    models,
    runs: view.model ? runs : [],
  };
  const copyLink = () => void navigator.clipboard.writeText(window.location.href);
  return (query) =>
    commandsFor(query, known, { ...ways, openModel, openScreen, openSection, openGallery, copyLink });
}
