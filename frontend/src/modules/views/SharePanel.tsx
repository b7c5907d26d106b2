import { Button, CopyButton, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Model, SavedView } from "@/lib/types";
import { Icon } from "@/ui/Icon";
import { Failure, Lines } from "@/ui/States";

import { addressOf, queryOf, useSavedViews, useSaveView } from "./api";
import { ViewList } from "./ViewList";
import classes from "./Views.module.css";

interface Props {
  model: Model | undefined;
  onOpen: (view: SavedView) => void;
}

/** The link to what is on screen, a name for it, and the names given before. */
export default function SharePanel({ model, onOpen }: Props) {
  const views = useSavedViews();
  const save = useSaveView();
  const [name, setName] = useState("");
  const address = addressOf(window.location, model);
  const mine = views.data?.filter(({ model_id }) => model === undefined || model_id === model.id) ?? [];
  return (
    <div className={classes.share}>
      <CopyButton value={address} timeout={2000}>
        {({ copied, copy }) => (
          <Button size="xs" leftSection={<Icon name={copied ? "check" : "link"} size={14} />} onClick={copy}>
            {copied ? "Link copied" : "Copy link to this view"}
          </Button>
        )}
      </CopyButton>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(
            { name: name.trim(), address: queryOf(address), model_id: model?.id ?? null },
            { onSuccess: () => setName("") },
          );
        }}
      >
        <TextInput
          size="xs"
          maxLength={120}
          aria-label="Name of this view"
          placeholder="Name this view"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button
          type="submit"
          size="xs"
          variant="default"
          disabled={name.trim() === ""}
          loading={save.isPending}
        >
          Save view
        </Button>
      </form>
      {save.error && <Failure error={save.error} />}
      {views.error ? (
        <Failure
          error={views.error}
          onRetry={() => void views.refetch()}
          title="Saved views could not be read"
        />
      ) : views.isPending ? (
        <Lines rows={2} label="Reading the saved views" />
      ) : (
        <ViewList views={mine} onOpen={onOpen} />
      )}
    </div>
  );
}
