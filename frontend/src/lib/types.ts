// The words of the API as short names. Everything comes from the generated document; only what a JSON schema
// cannot say (that an edge is a triple) is said here.
import type { components } from "./api-types";

type S = components["schemas"];

export type Channel = S["Channel"];
export type EnvInfo = S["Environment"];
export type Demo = S["Demo"];
export type Model = S["Model"];
export type Acting = S["Acting"];
export type ActingChange = S["ActingChange"];
export type Intervention = S["Intervention"];
export type FeatureEdit = S["FeatureEdit"];
export type SaeInfo = S["SaeInfo"];
export type ModelComparison = S["ModelComparison"];
export type SaeComparison = S["SaeComparison"];
export type SaeWarning = S["SaeWarning"];
export type WarningFix = S["Fix"];
export type ArtifactsDirectory = S["ArtifactsDirectory"];

export type ModuleInfo = S["NetworkModule"];
export type ParameterInfo = S["Parameter"];
export type LayerInfo = S["Layer"];
export type Edge = [from: number, to: number, weight: number];
export type Connection = Omit<S["Connection"], "edges"> & { edges: Edge[] };
export type Summary = Omit<S["Summary"], "connections"> & { connections: Connection[] };
export type LayerWeights = S["LayerWeights"];
export type WeightEdit = S["WeightEdit"];
export type EditsReply = S["EditResult"];

export type FeatureRow = S["FeatureRow"];
export type Interpretation = S["Interpretation"];
export type FeatureSort = Interpretation["sort_by"];

export type Run = S["Run"];
export type RunSummary = S["RunSummary"];
export type RunArm = S["Arm"];
export type RunRequest = S["RunRequest"];
export type Scene = S["Scene"];
/** How to draw an environment; the scene of a run says more. */
export type Drawing = S["EnvironmentScene"];
export type Episode = S["Episode"];
export type Distribution = S["Distribution"];
export type Comparison = S["Comparison"];
export type Interval = readonly [low: number, high: number];

export type Report = S["Report"];
export type ReportLine = S["ReportLine"];
export type Measure = S["MeasureInfo"];
export type Dose = S["Dose"];
export type EditRequest = S["FeatureEditRequest"];
export type StudyKind = Exclude<Run["kind"], "comparison">;
export type Effect = S["Effect"];
export type DosePoint = S["DosePoint"];
export type DoseResponse = S["DoseResponse"];
export type Calibration = S["Calibration"];
export type Scan = S["Scan"];
export type ScanRow = S["ScanRow"];
export type Accepted = S["RunAccepted"];

export type TableRow = S["TableRow"];
export type TablePage = S["FeatureTable"];
export type Dashboard = S["Dashboard"];
export type Clip = S["Clip"];
export type Note = S["Note"];
export type Collection = S["Collection"];
export type SavedView = S["View"];
export type ImportReport = S["ImportReport"];
export type Clusters = S["Clusters"];
export type Cluster = S["Cluster"];

export type Physics = S["Physics"];
export type LiveRequest = S["LiveRequest"];
export type LiveOpened = S["LiveSession"];
export type LiveStepsRequest = S["LiveStepsRequest"];
export type LiveSteps = S["LiveSteps"];
export type LiveNetwork = S["LiveNetwork"];
export type LiveStarts = S["Starts"];

export type Sweep = S["Sweep"];
export type SweepSummary = S["SweepSummary"];
export type SweepCell = S["SweepCell"];
export type SweepRequest = S["SweepRequest"];
export type SweepPlan = S["SweepPlan"];
export type Configuration = S["Configuration"];
export type Density = S["Density"];

export type Job = S["Job"];
export type JobState = Job["state"];

/** An interval as a pair; null when there is none or when an end overflowed. */
export function pair(ci: readonly (number | null)[] | null): Interval | null {
  const [low, high] = ci ?? [];
  return low === null || low === undefined || high === null || high === undefined ? null : [low, high];
}
