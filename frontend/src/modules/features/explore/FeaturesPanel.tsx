import { Button, SegmentedControl } from "@mantine/core";
import { lazy } from "react";

import type { TableView } from "@/lib/table-view";
import type { Model, TablePage } from "@/lib/types";
import { useStars } from "@/modules/collections/use-star";
import { LazyPart } from "@/ui/Boundary";
import { Panel } from "@/ui/Panel";
import { Block, Empty, Failure, Lines } from "@/ui/States";
import { ToSection } from "@/ui/ToSection";

import { useFirstPage } from "./api";
import { ClustersView } from "./clusters/ClustersView";
import { Analyse } from "./Analyse";
import { ExploreTable } from "./ExploreTable";
import { FeaturePage } from "./page/FeaturePage";
import { Toolbar } from "./Toolbar";
import classes from "./Explore.module.css";

const CollectionsView = lazy(() => import("@/modules/collections/CollectionsView"));

export interface ExploreProps {
  model: Model;
  view: TableView;
  onView: (view: TableView) => void;
  feature: number | undefined;
  onFeature: (feature: number) => void;
  /** The push that is set for the chosen feature, by the slider or stored. */
  alpha: number | undefined;
  /** Edits were stored: the slider's own value no longer counts. */
  onStored: () => void;
}

/** Every feature of the SAE: what it responds to, what it does, and which are alike. */
export default function FeaturesPanel(props: ExploreProps) {
  const { model, view, onView } = props;
  const usable = model.sae?.has_cached_data === true;
  const first = useFirstPage(model, view);
  const page = first.data && "features" in first.data ? first.data : undefined;
  return (
    <Panel
      id="features"
      title="Features"
      lead="What each one responds to, what it does to the actions, and whether that is more than chance."
      aside={page && <Which view={view} onView={onView} />}
    >
      {!usable ? (
        <Empty title="Need SAE + cached data" action={<ToSection id="load-sae">Load an SAE</ToSection>}>
          Features are judged on the policy's own states. Load an SAE from a directory with cached data first.
        </Empty>
      ) : first.data && "notMade" in first.data ? (
        <Analyse model={model} running={first.data.notMade} />
      ) : !page && first.error ? (
        <Unread error={first.error} view={view} onView={onView} onRetry={() => void first.refetch()} />
      ) : !page ? (
        <Opening />
      ) : (
        <Explorer {...props} first={page} error={first.error} stale={first.isPlaceholderData} />
      )}
    </Panel>
  );
}

/** The page before it is there: rows at the left, one feature at the right. */
function Opening() {
  return (
    <div className={classes.explorer}>
      <Lines rows={14} height={28} label="Reading the features" />
      <Block height={560} label="Reading the first feature" />
    </div>
  );
}

function Which({ view, onView }: Pick<ExploreProps, "view" | "onView">) {
  return (
    <SegmentedControl
      aria-label="Show features as"
      value={view.show ?? "table"}
      onChange={(show) =>
        onView({ ...view, show: show === "clusters" || show === "collections" ? show : undefined })
      }
      data={[
        { value: "table", label: "Table" },
        { value: "clusters", label: "Clusters" },
        { value: "collections", label: "Collections" },
      ]}
    />
  );
}

interface UnreadProps extends Pick<ExploreProps, "view" | "onView"> {
  error: unknown;
  onRetry: () => void;
}

/** A question from the address that the server refuses can be put away. */
function Unread({ error, view, onView, onRetry }: UnreadProps) {
  const asked = Object.values(view).some((value) => value !== undefined);
  return (
    <>
      <Failure error={error} onRetry={onRetry} title="The features could not be read" />
      {asked && (
        <Button mt="sm" size="xs" variant="default" onClick={() => onView({})}>
          Show all features for the first action
        </Button>
      )}
    </>
  );
}

interface ExplorerProps extends ExploreProps {
  first: TablePage;
  error: unknown;
  stale: boolean;
}

function Explorer({ first, error, stale, ...props }: ExplorerProps) {
  const { model, view, onView, onFeature, onStored } = props;
  const feature = props.feature ?? first.features[0]?.feature_idx;
  const { bookmarked, onStar, error: unplaced } = useStars(model, feature);
  return (
    <div className={classes.explorer}>
      <div className={classes.left}>
        {unplaced && <Failure error={unplaced} title="The bookmark could not be kept" />}
        {view.show === "collections" ? (
          <LazyPart
            title="The collections could not be opened"
            fallback={<Block height={320} label="Reading the collections" />}
          >
            <CollectionsView
              model={model}
              feature={feature}
              onFeature={onFeature}
              onFilter={(collection) => onView({ collection })}
            />
          </LazyPart>
        ) : view.show === "clusters" ? (
          <ClustersView
            model={model}
            view={view}
            onView={onView}
            feature={feature}
            onFeature={onFeature}
            onStored={onStored}
          />
        ) : (
          <>
            <Toolbar model={model} first={first} view={view} onView={onView} />
            {error ? (
              <Unread error={error} view={view} onView={onView} onRetry={() => onView({ ...view })} />
            ) : null}
            <ExploreTable
              model={model}
              first={first}
              view={view}
              onView={onView}
              chosen={feature}
              onChoose={onFeature}
              bookmarked={bookmarked}
              onStar={onStar}
              stale={stale}
            />
          </>
        )}
      </div>
      {feature !== undefined && (
        <FeaturePage
          key={feature}
          model={model}
          feature={feature}
          onFeature={onFeature}
          alpha={feature === props.feature ? props.alpha : undefined}
          starred={bookmarked.has(feature)}
          onStar={onStar}
        />
      )}
    </div>
  );
}
