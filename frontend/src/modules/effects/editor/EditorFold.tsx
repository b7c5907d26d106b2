import { lazy, useState } from "react";

import { useKept } from "@/lib/kept";
import type { Model } from "@/lib/types";
import { LazyPart } from "@/ui/Boundary";
import { Block } from "@/ui/States";

import classes from "./Editor.module.css";

const InterventionEditor = lazy(() => import("./InterventionEditor"));

interface Props {
  model: Model;
  feature: number | undefined;
  onStored: () => void;
  /** Features to begin with, from the address: the editor is open then. */
  steer?: number[];
}

/** The slider is the face; everything else unfolds below it, and is loaded only then. */
export function EditorFold(props: Props) {
  const { typed, change } = useKept(props.model.id, "editor open", { open: false });
  const [steering, setSteering] = useState(true);
  const open = props.steer ? steering : typed.open;
  const onOpen = (next: boolean) => (props.steer ? setSteering(next) : change({ open: next }));
  return (
    <details
      className={classes.fold}
      open={open}
      onToggle={({ currentTarget }) => currentTarget.open !== open && onOpen(currentTarget.open)}
    >
      <summary>Other units, forms, gates, schedules, several features</summary>
      {open && (
        <LazyPart
          title="The editor could not be opened"
          fallback={<Block height={300} label="Opening the editor" />}
        >
          <InterventionEditor key={props.steer?.join()} {...props} />
        </LazyPart>
      )}
    </details>
  );
}
