import { defaultParseSearch, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

import { jumpTo } from "./jump";
import { parseTable, type TableView } from "./table-view";
import type { StudyKind } from "./types";
import { parseTrain, type TrainView } from "./train-view";
import { parseWatch, type WatchView } from "./watch-view";

/** The pages of one model beside the workbench, which holds the five steps. */
export const SCREENS = ["sae", "features", "effects", "live", "train", "versus"] as const;
export type Screen = (typeof SCREENS)[number];

/** On which page a section lies; what is not named here is a step of the workbench. */
const SECTIONS: Record<string, Screen> = {
  report: "sae",
  features: "features",
  effects: "effects",
  train: "train",
};

const STUDIES: readonly StudyKind[] = ["dose_response", "calibration", "scan"];
const TABS = ["acting", "weights"] as const;

/** Everything a copied link restores. */
export interface View {
  model?: string;
  tap?: number;
  target?: number;
  feature?: number;
  alpha?: number;
  run?: string;
  watch?: WatchView;
  /** A dose-response, calibration or scan: a run of another kind. */
  study?: string;
  /** The kind of study on screen, chosen by hand: without one, that of the study. */
  kind?: StudyKind;
  /** What a comparison draws, when it is not the return. */
  measure?: string;
  /** What of the network is open, when it is not the drawing. */
  network?: (typeof TABS)[number];
  table?: TableView;
  /** The training form, the sweep on screen, and one whose trainings are drawn beside it. */
  train?: TrainView;
  sweep?: string;
  beside?: string;
  /** The second model, beside the open one. */
  other?: string;
  screen?: Screen;
  /** The SAE that a link was made with: another one has other features under the same numbers. */
  sae?: string;
  /** The SAE that the one in use is compared with. */
  against?: string;
  /** Features that the intervention editor is opened with. */
  steer?: number[];
  /** The order of the table of features in the workbench, when it is not the first. */
  sort?: string;
  top?: number;
}

const MOST_STEERED = 64;
const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const finite = (value: unknown) => {
  const parsed =
    typeof value === "number" ? value : typeof value === "string" && value !== "" ? Number(value) : NaN;
  return Number.isFinite(parsed) ? parsed : undefined;
};
const index = (value: unknown) => {
  const parsed = finite(value);
  return parsed !== undefined && Number.isInteger(parsed) && parsed >= 0 ? parsed : undefined;
};

const indices = (value: unknown) => {
  if (!Array.isArray(value)) return undefined;
  const found = value.map(index).filter((each) => each !== undefined);
  return found.length > 0 ? found.slice(0, MOST_STEERED) : undefined;
};

/** Reads an address that anyone may have typed: what does not parse is dropped, not guessed. */
export function parseView(search: Record<string, unknown>): View {
  return {
    model: text(search.model),
    tap: index(search.tap),
    target: index(search.target),
    feature: index(search.feature),
    alpha: finite(search.alpha),
    run: text(search.run),
    watch: parseWatch(search.watch),
    study: text(search.study),
    kind: STUDIES.find((kind) => kind === search.kind),
    measure: text(search.measure),
    network: TABS.find((tab) => tab === search.network),
    table: parseTable(search.table),
    train: parseTrain(search.train),
    sweep: text(search.sweep),
    beside: text(search.beside),
    other: text(search.other),
    screen: SCREENS.find((screen) => screen === search.screen),
    sae: text(search.sae),
    against: text(search.against),
    steer: indices(search.steer),
    sort: text(search.sort),
    top: index(search.top),
  };
}

/** A study that is opened is shown, whatever kind was chosen before. */
const changed = (old: View, patch: View): View => ({
  ...old,
  ...(patch.study === undefined ? {} : { kind: undefined }),
  ...patch,
});

export function useView() {
  const view: View = useSearch({ strict: false });
  const navigate = useNavigate();

  /** Moves within one model; the browser's back button then leaves the model, not each slider stop. */
  const setView = useCallback(
    (patch: View) => void navigate({ to: "/", search: (old: View) => changed(old, patch), replace: true }),
    [navigate],
  );
  /** Another model starts from a clean view. */
  const openModel = useCallback(
    (model: string | undefined, view: View = {}) => void navigate({ to: "/", search: { model, ...view } }),
    [navigate],
  );
  /** Another page of the same model, from its top; the browser's back button returns. */
  const openScreen = useCallback(
    (screen: Screen | undefined, patch: View = {}) =>
      void navigate({ to: "/", search: (old: View) => ({ ...changed(old, patch), screen }) }).then(() =>
        window.scrollTo(0, 0),
      ),
    [navigate],
  );
  /** To one section, on whichever page it lies. */
  const openSection = useCallback(
    (id: string, patch: View = {}) =>
      void navigate({
        to: "/",
        search: (old: View) => ({ ...changed(old, patch), screen: SECTIONS[id] }),
      }).then(() => jumpTo(id)),
    [navigate],
  );
  /** A saved address, as it was. */
  const openAddress = useCallback(
    (address: string) =>
      void navigate({ to: "/", search: parseView(defaultParseSearch(address)) }).then(() =>
        window.scrollTo(0, 0),
      ),
    [navigate],
  );
  const openGallery = useCallback(() => void navigate({ to: "/components" }), [navigate]);
  return { view, setView, openModel, openScreen, openSection, openAddress, openGallery };
}
