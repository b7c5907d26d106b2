import type { TablePage } from "@/lib/types";
import { Empty } from "@/ui/States";

import { inWords, kindOf, piecesOf, type Reason } from "./marked";
import classes from "./Search.module.css";

/** Why a feature fits: "→ raises right leg torque", the words that answer set apart. */
export function Matches({ reasons }: { reasons: readonly Reason[] }) {
  return (
    <span className={classes.matches} title={`matches: ${inWords(reasons)}`}>
      {reasons.map((reason) => (
        <span key={`${reason.kind} ${reason.text}`}>
          {kindOf(reason) && `${kindOf(reason)} `}
          {piecesOf(reason).map(({ text, hit }, index) =>
            hit ? <mark key={index}>{text}</mark> : <span key={index}>{text}</span>,
          )}
        </span>
      ))}
    </span>
  );
}

type Search = NonNullable<TablePage["search"]>;

/** "knee is called leg here": the readings that a search was given beyond its own words. */
export function ReadAs({ search }: { search: Search }) {
  if (search.read_as.length === 0) return null;
  return (
    <span className={classes.readAs}>
      {search.read_as.map(({ word, means }) => (
        <span key={word}>
          “{word}” also as <em>{means.join(" or ")}</em>
        </span>
      ))}
    </span>
  );
}

/** Nothing fits: says which word is not known, and offers those that are. */
export function NothingFound({ search, onSearch }: { search: Search; onSearch: (word: string) => void }) {
  const unknown = search.unknown_words.map((word) => `“${word}”`).join(", ");
  const words = (title: string, list: readonly string[]) =>
    list.length > 0 && (
      <div className={classes.known}>
        <h4>{title}</h4>
        <ul>
          {list.map((word) => (
            <li key={word}>
              <button type="button" onClick={() => onSearch(word)}>
                {word}
              </button>
            </li>
          ))}
        </ul>
      </div>
    );
  return (
    <>
      <Empty title="No feature fits">
        {unknown
          ? `No name or note here says ${unknown}.`
          : `No feature does or says all of “${search.question}”. Take a word or a filter away.`}
      </Empty>
      {words("Words of this environment", search.names)}
      {words("Also understood", search.also)}
    </>
  );
}
