import { Button } from "@mantine/core";

import { Panel } from "@/ui/Panel";

import ImportBox from "./ImportBox";
import classes from "./Transfer.module.css";

interface Props {
  id: string;
  /** The server's sentence. */
  reason: string;
  onHome: () => void;
}

/** A link leads to a model that is not here: what can be done about it, on the spot. */
export default function MissingModel({ id, reason, onHome }: Props) {
  return (
    <Panel
      id="missing"
      title="The linked model is not in this workspace"
      lead={
        <>
          The link asks for <code>{id}</code>. It was made in another workspace, or the model has been deleted
          here since. Whoever sent the link can export the workspace; bring its file in and this page opens.
        </>
      }
    >
      <div className={classes.box}>
        <ImportBox />
        <p className="muted small" role="alert">
          {reason}
        </p>
      </div>
      <Button mt="md" variant="default" onClick={onHome}>
        Choose another model
      </Button>
    </Panel>
  );
}
