import type { Model } from "@/lib/types";
import { Panel } from "@/ui/Panel";

import { ExportBox } from "./ExportBox";
import ImportBox from "./ImportBox";
import classes from "./Transfer.module.css";

interface Props {
  models: Model[];
  onOpen: (model: string) => void;
}

/** Out to another machine, and in from one. */
export default function TransferPanel({ models, onOpen }: Props) {
  return (
    <Panel
      id="workspace"
      title="Take it with you"
      lead="Models with their edits, SAEs, notes, collections, views and finished runs in one file, each part with its hash."
    >
      <div className={classes.halves}>
        <div>
          <h3>Export</h3>
          <ExportBox models={models} />
        </div>
        <div>
          <h3>Import</h3>
          <ImportBox onOpen={onOpen} />
        </div>
      </div>
    </Panel>
  );
}
