import { useState } from "react";

import type { ArtifactsDirectory, Model } from "@/lib/types";
import { Panel } from "@/ui/Panel";
import { Empty, Failure, Lines } from "@/ui/States";

import { useArtifacts } from "./api";
import { bestDirectory, loadedDirectory } from "./directories";
import { DirectoryList } from "./DirectoryList";
import { ReportLine } from "./ReportLine";
import { SaeFacts } from "./SaeFacts";
import { SaeForm } from "./SaeForm";
import { SaeWarnings } from "./SaeWarnings";
import { UploadSae } from "./UploadSae";
import classes from "./Sae.module.css";

interface Props {
  model: Model;
  tap: number | null;
  onTap: (tap: number | undefined) => void;
}

export function SaePanel({ model, tap, onTap }: Props) {
  const { data: artifacts, error, isPending, refetch } = useArtifacts(model.id);
  const [typed, setTyped] = useState<string | null>(null);
  const { sae } = model;
  const directories = artifacts?.directories ?? [];
  const directory = typed ?? loadedDirectory(sae) ?? bestDirectory(directories, model)?.artifacts_dir ?? "";
  /** A directory that is chosen by name brings its own tap along; typing on the way to a name does not. */
  const choose = (name: string) => {
    setTyped(name);
    const stored = directories.find((each) => each.artifacts_dir === name)?.tap_index;
    if (typeof stored === "number") onTap(stored);
  };

  return (
    <Panel
      id="load-sae"
      step={2}
      title="Load SAE"
      lead="A sparse autoencoder splits the activations at the tap into features."
    >
      <div className={classes.body}>
        {error && (
          <Failure error={error} onRetry={() => void refetch()} title="The artifacts could not be listed" />
        )}
        {isPending ? (
          <Lines rows={2} height={34} label="Looking for artifacts" />
        ) : (
          <SaeForm
            model={model}
            directories={directories}
            directory={directory}
            onDirectory={choose}
            tap={tap}
            onTap={onTap}
          />
        )}
        <UploadSae modelId={model.id} tap={tap} onTap={onTap} />
        {sae ? (
          <>
            <SaeWarnings model={model} warnings={sae.warnings} onFixed={() => onTap(undefined)} />
            <SaeFacts sae={sae} />
            <ReportLine model={model} />
          </>
        ) : (
          <NoSae directories={directories} chosen={directory} onChoose={choose} />
        )}
      </div>
    </Panel>
  );
}

interface NoSaeProps {
  directories: ArtifactsDirectory[];
  chosen: string;
  onChoose: (name: string) => void;
}

function NoSae({ directories, chosen, onChoose }: NoSaeProps) {
  return (
    <>
      <Empty title="No SAE yet">
        Choose a directory and press Load SAE. The tap follows the marker in the drawing; if another layer or
        activation function fits the data better, you are told and can switch with one click.
      </Empty>
      {directories.length > 0 && (
        <DirectoryList directories={directories} chosen={chosen} onChoose={onChoose} />
      )}
    </>
  );
}
