import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { client, unwrap } from "@/lib/client";
import type { Model } from "@/lib/types";
import { modelKeys } from "@/modules/models/api";
import { Failure, Notice } from "@/ui/States";

interface Props {
  model: Model;
  /** The SAE that the link was made with. */
  asked: string;
  onSettled: () => void;
}

/** A link was made with another SAE, whose features have other meanings under the same numbers. */
export default function OtherSae({ model, asked, onSettled }: Props) {
  const queryClient = useQueryClient();
  const params = { path: { model_id: model.id } };
  const { data } = useQuery({
    queryKey: [...modelKeys.one(model.id), "saes"],
    queryFn: () => unwrap(client.GET("/model/{model_id}/saes", { params })),
  });
  const use = useMutation({
    mutationFn: () =>
      unwrap(client.PUT("/model/{model_id}/saes/active", { params, body: { sae_id: asked } })),
    onSuccess: () => {
      onSettled();
      return queryClient.invalidateQueries({ queryKey: modelKeys.one(model.id) });
    },
  });
  const found = data?.saes.find(({ id }) => id === asked);
  if (!data) return null;
  return (
    <>
      <Notice
        action={
          <>
            {found && (
              <Button size="xs" variant="default" loading={use.isPending} onClick={() => use.mutate()}>
                Use that SAE
              </Button>
            )}
            <Button size="xs" variant="subtle" onClick={onSettled}>
              {found ? "Stay with this one" : "Go on"}
            </Button>
          </>
        }
      >
        {found
          ? `This link was made with another SAE of the model (${found.artifacts_dir}, tap ${found.tap_index}): features have other meanings there.`
          : "This link was made with an SAE that this model does not have here: features may have other meanings. Import the workspace that the link comes from, or load that SAE."}
      </Notice>
      {use.error && <Failure error={use.error} />}
    </>
  );
}
