import type { Model } from "@/lib/types";
import { CompareSaes } from "@/modules/saes/compare/CompareSaes";
import ReportPanel from "@/modules/saes/report/ReportPanel";

import classes from "./Page.module.css";

/** What is known about the SAE as a whole. */
export default function SaeScreen({ model }: { model: Model }) {
  return (
    <div className={classes.model}>
      <ReportPanel model={model} />
      <CompareSaes model={model} />
    </div>
  );
}
