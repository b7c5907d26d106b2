import { useView } from "@/lib/view";
import { useSavedViews } from "@/modules/views/api";
import { ViewList } from "@/modules/views/ViewList";
import { Panel } from "@/ui/Panel";
import { Failure } from "@/ui/States";

/** On the start page, once there are any. */
export default function SavedViews({ names }: { names: ReadonlyMap<string, string> }) {
  const { data: views = [], error, refetch } = useSavedViews();
  const { openAddress } = useView();
  if (!error && views.length === 0) return null;
  return (
    <Panel id="views" title="Saved views" lead="Pages that were given a name, each with all its settings.">
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} title="Saved views could not be read" />
      ) : (
        <ViewList views={views} names={names} onOpen={({ address }) => openAddress(address)} />
      )}
    </Panel>
  );
}
