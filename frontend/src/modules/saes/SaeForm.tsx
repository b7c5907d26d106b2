import { Autocomplete, Button, NumberInput } from "@mantine/core";
import { useState } from "react";

import type { ArtifactsDirectory, Model } from "@/lib/types";
import { Explain } from "@/ui/Explain";
import { Failure } from "@/ui/States";

import { useLoadSae } from "./api";
import { bestDirectory, directoryNote } from "./directories";
import classes from "./Sae.module.css";

interface Props {
  model: Model;
  directories: ArtifactsDirectory[];
  tap: number | null;
  onTap: (tap: number | undefined) => void;
}

/** Which artifacts, at which tap. Any path below the artifacts root may be typed; the known ones are offered. */
export function SaeForm({ model, directories, tap, onTap }: Props) {
  const load = useLoadSae(model.id);
  const [typed, setTyped] = useState<string | null>(null);
  const directory =
    typed ?? model.sae?.artifacts_dir ?? bestDirectory(directories, model)?.artifacts_dir ?? "";
  const byName = new Map(directories.map((each) => [each.artifacts_dir, each]));
  const loaded = model.sae?.artifacts_dir === directory && model.sae.tap_index === tap;

  const choose = (name: string) => {
    setTyped(name);
    const stored = byName.get(name)?.tap_index;
    if (typeof stored === "number") onTap(stored);
  };
  const submit = () => {
    const body = tap === null ? { artifacts_dir: directory } : { artifacts_dir: directory, tap_index: tap };
    load.mutate(body, { onSuccess: (sae) => onTap(sae.tap_index) });
  };

  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Autocomplete
        label={<FieldLabel text="Artifacts directory" term="artifacts" />}
        className={classes.directory}
        placeholder="artifacts_w32"
        value={directory}
        onChange={setTyped}
        onOptionSubmit={choose}
        data={directories.map((each) => ({
          value: each.artifacts_dir,
          disabled: !each.complete || each.fits === false,
        }))}
        filter={({ options, search }) =>
          typed === null || byName.has(search)
            ? options
            : options.filter((each) => "value" in each && each.value.includes(search))
        }
        renderOption={({ option }) => (
          <DirectoryOption name={option.value} directory={byName.get(option.value)} />
        )}
        comboboxProps={{ width: 340, position: "bottom-start" }}
      />
      <NumberInput
        label={<FieldLabel text="Tap" term="tap" />}
        className={classes.tap}
        placeholder="stored"
        min={0}
        value={tap ?? ""}
        onChange={(value) => onTap(value === "" ? undefined : Number(value))}
      />
      <Button
        type="submit"
        variant={loaded ? "default" : "filled"}
        disabled={directory === ""}
        loading={load.isPending}
      >
        Load SAE
      </Button>
      {load.error && (
        <div className={classes.wide}>
          <Failure error={load.error} onRetry={submit} />
        </div>
      )}
    </form>
  );
}

function FieldLabel({ text, term }: { text: string; term: "tap" | "artifacts" }) {
  return (
    <>
      {text}
      <Explain term={term} />
    </>
  );
}

function DirectoryOption({ name, directory }: { name: string; directory: ArtifactsDirectory | undefined }) {
  return (
    <div className={classes.option}>
      <span>{name}</span>
      {directory && <small>{directoryNote(directory)}</small>}
    </div>
  );
}
