import { Loader } from "@mantine/core";
import { useRef, useState, type DragEvent } from "react";

import type { Model } from "@/lib/types";
import { Icon } from "@/ui/Icon";

import { useUpload } from "./api";
import { Refusal } from "./Refusal";
import classes from "./Upload.module.css";

/** Drop a file or choose one. The server reads the content, not the name, and says what it found. */
export function UploadZone({ onUploaded }: { onUploaded: (model: Model) => void }) {
  const upload = useUpload();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);

  const take = (files: FileList | null) => {
    const file = files?.[0];
    if (file) upload.mutate(file, { onSuccess: onUploaded });
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };

  return (
    <div className={classes.upload}>
      <div
        className={classes.zone}
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={onDrop}
      >
        <input
          ref={input}
          id="policy-file"
          type="file"
          className="visually-hidden"
          accept=".pt,.pth,.pkl,.zip,.json,.safetensors,.onnx"
          onChange={(event) => {
            take(event.currentTarget.files);
            event.currentTarget.value = "";
          }}
        />
        <label htmlFor="policy-file" className={classes.pick}>
          {upload.isPending ? <Loader size={28} /> : <Icon name="upload" size={28} />}
          <span className={classes.pickTitle}>
            {upload.isPending ? `Reading ${upload.variables.name} …` : "Drop a policy here, or choose a file"}
          </span>
          <span className="muted small">
            .pt or .safetensors state dict · .onnx · .zip of Stable-Baselines3 or RLlib · .json architecture
          </span>
        </label>
      </div>
      {upload.error && (
        <Refusal error={upload.error} name={upload.variables.name} onRetry={() => input.current?.click()} />
      )}
    </div>
  );
}
