import { count, num, percent } from "@/lib/format";
import type { Report } from "@/lib/types";
import { Facts } from "@/ui/Facts";
import partClasses from "@/ui/Part.module.css";

import { figure } from "./lines";

/** What the SAE is like on the same episodes, beyond the figures that have references. */
export function ReportFacts({ report }: { report: Report }) {
  const at = (name: string) => figure(report, name);
  const cached = figure({ ...report, sae: report.cached }, "fvu");
  return (
    <section className={partClasses.part} aria-label="The SAE on these episodes">
      <h3>The SAE on these episodes</h3>
      <Facts
        columns={4}
        facts={[
          { label: "active at once", value: num(at("l0"), 3), note: `of k = ${num(at("k"), 3)}`, term: "l0" },
          {
            label: "median density",
            value: percent(at("density_median"), 1),
            note: "of states",
            term: "density",
          },
          {
            label: report.sae.dead_conclusive === false ? "silent here" : "dead",
            value: count(at("dead_features")),
            note: `of ${count(at("d_latent"))}`,
            term: "dead",
          },
          { label: "dense", value: count(at("dense_features")), note: "above 50\u00a0%" },
          {
            label: "worst units",
            value: percent(at("unit_explained_variance_p10"), 1),
            note: "explained",
          },
          { label: "FVU, cached", value: num(cached, 2), note: "partly trained on", term: "fvu" },
          { label: "FVU while acting", value: num(report.fvu_under_splice, 2), term: "fvu_under_splice" },
          { label: "set changes", value: percent(at("active_set_change"), 1), term: "active_set_change" },
        ]}
      />
    </section>
  );
}
