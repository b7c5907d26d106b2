import { Autocomplete, Button, NumberInput } from "@mantine/core";
import { useId } from "react";

import type { ArtifactsDirectory, Model } from "@/lib/types";
import { FieldLabel } from "@/ui/FieldLabel";
import { Failure } from "@/ui/States";

import { useLoadSae } from "./api";
import { directoryNote, isUsable } from "./directories";
import classes from "./Sae.module.css";

interface Props {
  model: Model;
  directories: ArtifactsDirectory[];
  directory: string;
  onDirectory: (name: string) => void;
  tap: number | null;
  onTap: (tap: number | undefined) => void;
}

/** Which artifacts, at which tap. Any path below the artifacts root may be typed; the known ones are offered. */
export function SaeForm({ model, directories, directory, onDirectory, tap, onTap }: Props) {
  const load = useLoadSae(model.id, (sae) => onTap(sae.tap_index));
  const [directoryId, tapId] = [useId(), useId()];
  const byName = new Map(directories.map((each) => [each.artifacts_dir, each]));
  const loaded = model.sae?.artifacts_dir === directory && model.sae.tap_index === tap;

  const submit = () => {
    const body = tap === null ? { artifacts_dir: directory } : { artifacts_dir: directory, tap_index: tap };
    load.mutate(body);
  };

  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <FieldLabel htmlFor={directoryId} term="artifacts">
        Artifacts directory
      </FieldLabel>
      <FieldLabel htmlFor={tapId} term="tap">
        Tap
      </FieldLabel>
      <Autocomplete
        id={directoryId}
        className={classes.directory}
        placeholder="artifacts_w32"
        value={directory}
        onChange={onDirectory}
        data={directories.map((each) => ({
          value: each.artifacts_dir,
          disabled: !isUsable(each),
        }))}
        filter={({ options, search }) =>
          byName.has(search)
            ? options
            : options.filter((each) => "value" in each && each.value.includes(search))
        }
        renderOption={({ option }) => (
          <DirectoryOption name={option.value} directory={byName.get(option.value)} />
        )}
        comboboxProps={{ width: 340, position: "bottom-start" }}
      />
      <NumberInput
        id={tapId}
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

function DirectoryOption({ name, directory }: { name: string; directory: ArtifactsDirectory | undefined }) {
  return (
    <div className={classes.option}>
      <span>{name}</span>
      {directory && <small>{directoryNote(directory)}</small>}
    </div>
  );
}
