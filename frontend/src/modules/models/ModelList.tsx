import { ActionIcon } from "@mantine/core";

import { ago, bytes, count, plural } from "@/lib/format";
import type { Model } from "@/lib/types";
import { Icon } from "@/ui/Icon";
import { Saveable } from "@/ui/Saveable";
import { Empty, Failure, Lines } from "@/ui/States";

import { useDeleteModel, useModels } from "./api";
import { activationWord } from "./network-layout";
import classes from "./Upload.module.css";

/** What tells models of one name apart: where they come from, and the end of the id where that is alike too. */
function origin(model: Model, all: readonly Model[]): string {
  const alike = all.some(({ id, name }) => id !== model.id && name === model.name);
  return [
    model.filename,
    bytes(model.size_bytes),
    ...(model.n_edits > 0 ? [plural(model.n_edits, "edit")] : []),
    ...(alike ? [`…${model.id.slice(-4)}`] : []),
  ].join(" · ");
}

const question = (model: Model, all: readonly Model[]) =>
  `Delete ${model.name} (${origin(model, all)}) with its edits, SAEs, runs, report cards and trainings? It cannot be undone.`;

interface RowProps {
  model: Model;
  all: readonly Model[];
  onOpen: (id: string) => void;
}

function Row({ model, all, onOpen }: RowProps) {
  const remove = useDeleteModel();
  return (
    <tr>
      <td>
        <button type="button" className={classes.open} onClick={() => onOpen(model.id)}>
          {model.name}
        </button>
        <small className={classes.origin}>{origin(model, all)}</small>
        {remove.error && <Failure error={remove.error} />}
      </td>
      <td>
        {model.obs_dim} → {model.act_dim}
      </td>
      <td>{activationWord(model.activation)}</td>
      <td>{count(model.n_parameters)}</td>
      <td>
        {model.sae ? (
          `${model.sae.artifacts_dir}, tap ${model.sae.tap_index}`
        ) : (
          <span className="muted">none</span>
        )}
      </td>
      <td className="muted">
        <time dateTime={model.created_at}>{ago(model.created_at)}</time>
      </td>
      <td>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={`Delete ${model.name}`}
          loading={remove.isPending}
          onClick={() => window.confirm(question(model, all)) && remove.mutate(model.id)}
        >
          <Icon name="trash" />
        </ActionIcon>
      </td>
    </tr>
  );
}

export function ModelList({ onOpen }: { onOpen: (id: string) => void }) {
  const { data: models, error, isPending, refetch } = useModels();
  if (isPending) return <Lines rows={3} height={20} label="Reading the stored models" />;
  if (error)
    return (
      <Failure error={error} onRetry={() => void refetch()} title="The stored models could not be listed" />
    );
  if (models.length === 0)
    return (
      <Empty title="Nothing stored yet">
        Models you upload or open stay here, with their edits, SAE and runs.
      </Empty>
    );
  return (
    <Saveable title="Stored models" as="table">
      <div className={classes.scroll}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Observation → action</th>
              <th scope="col">Activation</th>
              <th scope="col">Parameters</th>
              <th scope="col">SAE</th>
              <th scope="col">Stored</th>
              <th scope="col">
                <span className="visually-hidden">Delete</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {models.map((model) => (
              <Row key={model.id} model={model} all={models} onOpen={onOpen} />
            ))}
          </tbody>
        </table>
      </div>
    </Saveable>
  );
}
