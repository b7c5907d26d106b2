import type { RunSummary } from "@/lib/types";
import type { TableView } from "@/lib/table-view";
import type { Screen } from "@/lib/view";

import { PAGES } from "../ScreenNav";
import { STEPS } from "../steps";

/** One thing that can be done from the keyboard. */
export interface Command {
  id: string;
  group: "Pages" | "Steps" | "Features" | "Runs" | "Models" | "Views" | "Here";
  label: string;
  hint?: string;
  run: () => void;
}

/** What the commands act upon. */
export interface Ways {
  openScreen: (screen: Screen | undefined, patch?: { feature?: number; table?: TableView }) => void;
  openSection: (id: string, patch?: { run?: string; study?: string }) => void;
  openModel: (id: string | undefined) => void;
  nextScheme: () => void;
  showKeys: () => void;
  takeTour: () => void;
  copyLink: () => void;
  openAddress: (address: string) => void;
  openGallery: () => void;
}

interface Known {
  /** The open model, and how many features its SAE has. */
  model: { id: string; features: number } | undefined;
  models: { id: string; name: string }[];
  runs: RunSummary[];
  /** Features that fit what was typed, best first, and why; none while they are looked for. */
  found?: { feature_idx: number; why: string }[];
  views: { id: string; name: string; address: string }[];
}

const RUNS = 20;

function pages(ways: Ways): Command[] {
  return PAGES.map(({ screen, label, about }, index) => ({
    id: `page-${label}`,
    group: "Pages",
    label,
    hint: `${about} · ${String(index + 1)}`,
    run: () => ways.openScreen(screen),
  }));
}

function steps(ways: Ways): Command[] {
  return STEPS.filter(({ id }) => id !== "upload").map(({ id, label }) => ({
    id: `step-${id}`,
    group: "Steps",
    label,
    hint: "in the workbench",
    run: () => ways.openSection(id),
  }));
}

function runsOf({ runs }: Known, ways: Ways): Command[] {
  return runs.slice(0, RUNS).map((run) => ({
    id: `run-${run.id}`,
    group: "Runs",
    label: run.sentence ?? `${run.env}, ${run.state}`,
    hint: run.id,
    run: () =>
      run.kind === "comparison"
        ? ways.openSection("compare", { run: run.id })
        : ways.openSection("effects", { study: run.id }),
  }));
}

/** "17", "feature 17" or "f 17" names a feature. */
function featureOf(query: string, features: number, ways: Ways): Command[] {
  const number = Number(/^(?:feature|f)?\s*(\d+)$/i.exec(query)?.[1]);
  if (!(number < features)) return [];
  return [
    {
      id: `feature-${String(number)}`,
      group: "Features",
      label: `Feature ${String(number)}`,
      hint: "its page",
      run: () => ways.openScreen("features", { feature: number }),
    },
  ];
}

/** Features that do or say what was typed. */
function foundOf(found: Known["found"] = [], named: Command[], ways: Ways): Command[] {
  return found
    .map<Command>(({ feature_idx, why }) => ({
      id: `feature-${String(feature_idx)}`,
      group: "Features",
      label: `Feature ${String(feature_idx)}`,
      hint: why,
      run: () => ways.openScreen("features", { feature: feature_idx }),
    }))
    .filter(({ id }) => named.every((each) => each.id !== id));
}

/** Any words can be looked for among all features: offered last, when nothing else is meant. */
function searchOf(query: string, features: number, ways: Ways): Command[] {
  if (query.length < 2 || features === 0) return [];
  return [
    {
      id: "feature-search",
      group: "Features",
      label: `All features for “${query}”`,
      hint: "what they do, when they fire, notes",
      run: () => ways.openScreen("features", { table: { search: query } }),
    },
  ];
}

function here(known: Known, ways: Ways): Command[] {
  const always: Command[] = [
    {
      id: "scheme",
      group: "Here",
      label: "Light, dark or as the system",
      hint: "colours",
      run: ways.nextScheme,
    },
    { id: "keys", group: "Here", label: "Keyboard shortcuts", hint: "?", run: ways.showKeys },
    { id: "glossary", group: "Here", label: "Glossary and components", run: ways.openGallery },
    { id: "link", group: "Here", label: "Copy a link to this view", run: ways.copyLink },
    {
      id: "home",
      group: "Here",
      label: "Start page",
      hint: "choose another model",
      run: () => ways.openModel(undefined),
    },
  ];
  return known.model
    ? [
        ...always,
        {
          id: "collections",
          group: "Here",
          label: "Collections and bookmarks",
          hint: "of features",
          run: () => ways.openScreen("features", { table: { show: "collections" } }),
        },
        { id: "tour", group: "Here", label: "Take the tour", hint: "six stops", run: ways.takeTour },
      ]
    : always;
}

const matches = (query: string, { label, hint = "", group }: Command) => {
  const text = `${label} ${hint} ${group}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
};

/** What can be done, narrowed to the words that were typed; groups stay together. */
export function commandsFor(query: string, known: Known, ways: Ways): Command[] {
  const words = query.trim();
  const inModel = known.model ? [...pages(ways), ...steps(ways)] : [];
  const runs = known.model ? runsOf(known, ways) : [];
  const models = known.models
    .filter(({ id }) => id !== known.model?.id)
    .map<Command>(({ id, name }) => ({
      id: `model-${id}`,
      group: "Models",
      label: name,
      hint: id,
      run: () => ways.openModel(id),
    }));
  const views = known.views.map<Command>(({ id, name, address }) => ({
    id: `view-${id}`,
    group: "Views",
    label: name,
    hint: "saved view",
    run: () => ways.openAddress(address),
  }));
  const fixed = [...inModel, ...here(known, ways), ...views, ...runs, ...models].filter((each) =>
    matches(words, each),
  );
  const features = known.model?.features ?? 0;
  const named = featureOf(words, features, ways);
  return [...named, ...fixed, ...foundOf(known.found, named, ways), ...searchOf(words, features, ways)];
}
