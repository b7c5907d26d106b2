import type { ArtifactsDirectory } from "@/lib/types";

import { directoryNote, isUsable } from "./directories";
import classes from "./Sae.module.css";

interface Props {
  directories: ArtifactsDirectory[];
  chosen: string;
  onChoose: (name: string) => void;
}

/** What lies below the artifacts root, usable first; a directory that cannot be used says why. */
export function DirectoryList({ directories, chosen, onChoose }: Props) {
  const ordered = [...directories].sort((a, b) => Number(isUsable(b)) - Number(isUsable(a)));
  return (
    <div>
      <h3>Found in the artifacts root</h3>
      <ul className={classes.directories}>
        {ordered.map((directory) => {
          const { artifacts_dir } = directory;
          return (
            <li key={artifacts_dir}>
              <button
                type="button"
                disabled={!isUsable(directory)}
                aria-pressed={artifacts_dir === chosen}
                onClick={() => onChoose(artifacts_dir)}
              >
                <span>{artifacts_dir}</span>
                <small>{directoryNote(directory)}</small>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
