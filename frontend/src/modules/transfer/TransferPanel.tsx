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
      lead="Models with their edits, SAEs, notes, collections, views, finished runs, report cards and sweeps in one file, each part with its hash. Analyses of features are made again where it comes in; videos are not taken along."
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
