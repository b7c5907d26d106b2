import { count, fixed, num, percent } from "@/lib/format";
import type { Term } from "@/lib/glossary";
import { pair, type Report, type ReportLine } from "@/lib/types";
import { Explain } from "@/ui/Explain";
import { RateMark } from "@/ui/RateMark";
import { Sample } from "@/ui/SurvivalChart";
import table from "@/ui/Table.module.css";
import { Saveable } from "@/ui/Saveable";

import { figure, styleOf } from "./lines";
import { recoveredSentence } from "./sentence";
import classes from "./Report.module.css";

const HEADS: readonly [label: string, term?: Term, note?: string][] = [
  ["Return recovered", "return_recovered", "95\u00a0% interval"],
  ["Falls", "falls"],
  ["FVU", "fvu"],
  ["Cosine", "centred_cosine"],
  ["Action FVU", "action_fvu"],
  ["Feedback FVU", "feedback_fvu"],
  ["Diverges at", "divergence", "median step"],
];

/** The SAE among what it must be compared with: every figure in one column, every reference in one row. */
export function ReportTable({ report }: { report: Report }) {
  const gate = figure(report, "feedback_gate");
  return (
    <Saveable title="SAE report card" as="table">
      <div className={table.scroll}>
        <table className={`${table.plain} ${classes.table}`}>
          <caption className="visually-hidden">SAE report card. {recoveredSentence(report)}</caption>
          <thead>
            <tr>
              <th scope="col">The tap replaced by</th>
              {HEADS.map(([label, term, note]) => (
                <th key={label} scope="col">
                  {label}
                  {term && <Explain term={term} />}
                  {note && <small>{note}</small>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {report.lines.map((line) => (
              <Line key={line.name} line={line} gate={gate} />
            ))}
          </tbody>
        </table>
      </div>
    </Saveable>
  );
}

const near = (value: number) => Math.max(-0.04, Math.min(1.06, value));

function Line({ line, gate }: { line: ReportLine; gate: number | null }) {
  const { color, dash } = styleOf(line);
  const ci = pair(line.interval);
  const blind = gate !== null && line.feedback_fvu !== null && line.feedback_fvu > gate;
  return (
    <tr data-sae={line.name === "sae"}>
      <th scope="row">
        <span className={table.mark}>
          <Sample color={color} dash={dash} />
          <span>
            {line.name === "baseline" ? "nothing (the policy as it is)" : line.title}
            {line.verdict && <small>{line.verdict}</small>}
          </span>
        </span>
      </th>
      <td>
        {line.return_recovered === null ? (
          <span className="muted">not defined</span>
        ) : (
          <span className={table.mark}>
            <RateMark
              rate={near(line.return_recovered)}
              ci={ci && [near(ci[0]), near(ci[1])]}
              color={color}
            />
            <span>
              <b>{percent(line.return_recovered)}</b>
              {ci && ci[0] !== ci[1] && (
                <small>
                  [{fixed(ci[0] * 100, 1)}, {fixed(ci[1] * 100, 1)}]
                </small>
              )}
            </span>
          </span>
        )}
      </td>
      <td>
        <b>{percent(line.fall_rate, 0)}</b>
        <small>{line.mean_length === null ? "" : `${count(Math.round(line.mean_length))} steps`}</small>
      </td>
      <td>{num(line.fvu, 2)}</td>
      <td>{fixed(line.cosine, 4)}</td>
      <td>{num(line.action_fvu, 2)}</td>
      <td>
        {num(line.feedback_fvu, 2)}
        {blind && <small className={classes.warn}>above {num(gate, 2)}: feedback is lost</small>}
      </td>
      <td>{line.divergence_step === null ? "–" : count(Math.round(line.divergence_step))}</td>
    </tr>
  );
}
