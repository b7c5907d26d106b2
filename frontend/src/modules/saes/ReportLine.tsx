import type { Model } from "@/lib/types";
import { useView } from "@/lib/view";

import { useReport } from "./report/api";
import { levelOf, shortVerdict } from "./report/lines";
import classes from "./Sae.module.css";

/** What the report card says, in a line that leads to it. */
export function ReportLine({ model }: { model: Model }) {
  const { data: report, isSuccess } = useReport(model);
  const { openSection } = useView();
  if (!isSuccess) return null;
  return (
    <p className={classes.report} data-level={report ? levelOf(report.verdict) : "none"}>
      <span>{report ? shortVerdict(report) : "In the closed loop: not measured yet"}</span>
      <button type="button" onClick={() => openSection("report")}>
        {report ? "Report card" : "Measure it"}
      </button>
    </p>
  );
}
