import { Button } from "@mantine/core";
import { useRef } from "react";

import { ApiError } from "@/lib/errors";
import { FileDrop } from "@/ui/FileDrop";
import { Refusal } from "@/ui/Refusal";

import { useUploadSae } from "./api";
import { listedNames } from "./files";
import classes from "./Sae.module.css";

interface Props {
  modelId: string;
  tap: number | null;
  onTap: (tap: number | undefined) => void;
}

/** An SAE from the user's own disk, in place of an artifacts directory. */
export function UploadSae({ modelId, tap, onTap }: Props) {
  const upload = useUploadSae(modelId, (sae) => onTap(sae.tap_index));
  const input = useRef<HTMLInputElement>(null);
  const { error, variables } = upload;
  const needsTap = error instanceof ApiError && error.fields.tap_index !== undefined && tap !== null;
  return (
    <div className={classes.upload}>
      <FileDrop
        id="sae-file"
        inputRef={input}
        compact
        multiple
        accept=".pt,.pth,.safetensors,.json"
        title="Or drop an SAE here, or choose its files"
        hint="walker_sae.pt, or the files of SAELens, sparsify, dictionary_learning and others with their .json"
        reading={upload.isPending ? listedNames(upload.variables.files) : null}
        onFiles={(files) => upload.mutate({ files })}
      />
      {error && (
        <Refusal
          error={error}
          name={listedNames(variables.files)}
          failed="could not be attached"
          onChoose={() => input.current?.click()}
          onRetry={() => upload.mutate(variables)}
          action={
            needsTap && (
              <Button size="xs" onClick={() => upload.mutate({ files: variables.files, tap })}>
                Use tap {tap}
              </Button>
            )
          }
        />
      )}
    </div>
  );
}
