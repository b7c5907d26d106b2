import { fixed, percent } from "@/lib/format";
import type { Sweep } from "@/lib/types";
import { Saveable } from "@/ui/Saveable";
import tableClasses from "@/ui/Table.module.css";

import { shares } from "./sentence";

/** What training seeds have in common, where there are several. */
export function SeedAgreement({ sweep }: { sweep: Sweep }) {
  const compared = sweep.configurations.filter((each) => each.stability !== null);
  if (compared.length === 0) return null;
  return (
    <Saveable title="Agreement of training seeds" as="table">
      <div className={tableClasses.scroll}>
        <table className={tableClasses.plain}>
          <thead>
            <tr>
              <th scope="col">Training seeds agree</th>
              <th scope="col">Over all seeds: return recovered</th>
              <th scope="col">PW-MCC</th>
              <th scope="col">Nulls: random, like the data, data points</th>
              <th scope="col">Stable features</th>
              <th scope="col">Crowding</th>
            </tr>
          </thead>
          <tbody>
            {compared.map((each) => (
              <tr key={`${each.variant} ${each.d_latent} ${each.k}`}>
                <th scope="row">
                  k {each.k} of {each.d_latent}, {each.variant}
                </th>
                <td>
                  {percent(each.return_recovered)} <small>{shares(each.interval)}</small>
                </td>
                <td>{fixed(each.stability?.pw_mcc, 2)}</td>
                <td>{each.stability?.nulls.map((one) => fixed(one.pw_mcc, 2)).join(", ")}</td>
                <td>{percent(each.stability?.stable_share, 0)}</td>
                <td>{fixed(each.crowding, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Saveable>
  );
}
