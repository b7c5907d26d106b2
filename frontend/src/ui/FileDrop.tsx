import { Loader } from "@mantine/core";
import { useState, type DragEvent, type RefObject } from "react";

import classes from "./FileDrop.module.css";
import { Icon } from "./Icon";

interface Props {
  id: string;
  inputRef: RefObject<HTMLInputElement | null>;
  /** Endings, separated by commas. The content decides, so a dropped file may have any. */
  accept: string;
  multiple?: boolean;
  /** One line of text instead of a tall field. */
  compact?: boolean;
  title: string;
  hint: string;
  /** What is being read now. */
  reading: string | null;
  onFiles: (files: File[]) => void;
}

/** Drop files or choose them. */
export function FileDrop(props: Props) {
  const { id, inputRef, accept, multiple, compact, title, hint, reading, onFiles } = props;
  const [over, setOver] = useState(false);
  const take = (files: FileList | null) => {
    if (files?.length) onFiles(multiple ? [...files] : [...files].slice(0, 1));
  };
  return (
    <div
      className={classes.zone}
      data-over={over}
      data-compact={compact}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event: DragEvent) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      }}
    >
      <input
        ref={inputRef}
        id={id}
        type="file"
        className="visually-hidden"
        accept={accept}
        multiple={multiple}
        onChange={(event) => {
          take(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
      <label htmlFor={id} className={classes.pick}>
        {reading === null ? (
          <Icon name="upload" size={compact ? 20 : 28} />
        ) : (
          <Loader size={compact ? 20 : 28} />
        )}
        <span className={classes.words}>
          <span className={classes.title}>{reading === null ? title : `Reading ${reading} …`}</span>
          <span className="muted small">{hint}</span>
        </span>
      </label>
    </div>
  );
}
