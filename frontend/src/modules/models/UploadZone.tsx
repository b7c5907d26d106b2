import { useRef } from "react";

import type { Model } from "@/lib/types";
import { FileDrop } from "@/ui/FileDrop";
import { Refusal } from "@/ui/Refusal";

import { useUpload } from "./api";
import classes from "./Upload.module.css";

/** Drop a policy or choose one. The server reads the content, not the name, and says what it found. */
export function UploadZone({ onUploaded }: { onUploaded: (model: Model) => void }) {
  const upload = useUpload();
  const input = useRef<HTMLInputElement>(null);
  const send = (file: File) => upload.mutate(file, { onSuccess: onUploaded });
  return (
    <div className={classes.upload}>
      <FileDrop
        id="policy-file"
        inputRef={input}
        accept=".pt,.pth,.pkl,.zip,.json,.safetensors,.onnx"
        title="Drop a policy here, or choose a file"
        hint=".pt or .safetensors state dict · .onnx · .zip of Stable-Baselines3 or RLlib · .json architecture"
        reading={upload.isPending ? upload.variables.name : null}
        onFiles={([file]) => file && send(file)}
      />
      {upload.error && (
        <Refusal
          error={upload.error}
          name={upload.variables.name}
          onChoose={() => input.current?.click()}
          onRetry={() => send(upload.variables)}
        />
      )}
    </div>
  );
}
