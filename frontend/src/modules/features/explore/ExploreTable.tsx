import { useEffect, useMemo, useRef, type KeyboardEvent } from "react";

import type { TableView } from "@/lib/table-view";
import type { Model, TablePage, TableRow } from "@/lib/types";
import { Explain } from "@/ui/Explain";
import rowClasses from "@/ui/Rows.module.css";
import { SortButton } from "@/ui/SortButton";
import { Empty, Failure } from "@/ui/States";

import { PAGE_SIZE, usePages } from "./api";
import { COLUMNS, ROW_HEIGHT, scaleOf, type Column } from "./columns";
import { Row } from "./Row";
import { NothingFound } from "./search/Matches";
import { pagesOf, useSpan } from "./virtual";
import classes from "./Explore.module.css";

/** Most; less in a lower window. */
const HEIGHT = 900;
/** So few need no scrolling. */
const FEW = 12;
const KEYS: Partial<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 };

interface Props {
  model: Model;
  first: TablePage;
  view: TableView;
  onView: (view: TableView) => void;
  chosen: number | undefined;
  onChoose: (feature: number) => void;
  bookmarked: ReadonlySet<number>;
  onStar: (feature: number, starred: boolean) => void;
  stale: boolean;
}

/** All features in one scrolled table: only the rows in sight exist, and only their pages are fetched. */
export function ExploreTable(props: Props) {
  const { model, first, view, onView, chosen, onChoose, bookmarked, onStar, stale } = props;
  const box = useRef<HTMLDivElement>(null);
  const total = first.matching;
  const { span, onScroll } = useSpan(ROW_HEIGHT, total, HEIGHT);
  const wanted = pagesOf(span, PAGE_SIZE).filter((page) => page > 1);
  const pages = usePages(model, view, wanted);
  const rows = new Map<number, TableRow>();
  first.features.forEach((row, index) => rows.set(index, row));
  pages.forEach(({ data }, index) =>
    data?.features.forEach((row, at) => rows.set(((wanted[index] ?? 1) - 1) * PAGE_SIZE + at, row)),
  );
  const failed = pages.find((page) => page.error);
  const scales = useMemo(() => COLUMNS.map((column) => scaleOf(first.features, column)), [first]);

  const onKeyDown = (event: KeyboardEvent) => {
    const move = KEYS[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const at = [...rows].find(([, row]) => row.feature_idx === chosen)?.[0] ?? -1;
    const next = Math.max(0, Math.min(total - 1, at + move));
    const row = rows.get(next);
    if (row) onChoose(row.feature_idx);
    show(box.current, next);
  };
  const question = JSON.stringify(view);
  useEffect(() => {
    if (box.current) box.current.scrollTop = 0;
  }, [question]);

  if (total === 0 && first.search)
    return <NothingFound search={first.search} onSearch={(search) => onView({ ...view, search })} />;
  if (total === 0)
    return <Empty title="No feature fits">Take a filter away, or search for another word.</Empty>;
  return (
    <>
      <div
        ref={box}
        className={classes.box}
        style={{ maxHeight: `clamp(320px, 100dvh - 260px, ${HEIGHT}px)` }}
        tabIndex={0}
        role="region"
        aria-label="Table of features; arrow keys choose"
        onKeyDown={onKeyDown}
        onScroll={(event) => onScroll(event.currentTarget.scrollTop)}
      >
        <table
          className={`${rowClasses.rows} ${classes.table}`}
          data-stale={stale}
          data-few={total <= FEW}
          aria-rowcount={total + 1}
        >
          <colgroup>
            <col style={{ width: 92 }} />
            <col />
            {COLUMNS.map(({ label, width }) => (
              <col key={label} style={{ width }} />
            ))}
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              <th scope="col">Feature</th>
              <th scope="col">Name, marks</th>
              {COLUMNS.map((column) => (
                <Head key={column.label} column={column} first={first} view={view} onView={onView} />
              ))}
            </tr>
          </thead>
          <tbody>
            <Gap rows={span.first} />
            {Array.from({ length: span.end - span.first }, (_, offset) => span.first + offset).map(
              (index) => (
                <Row
                  key={index}
                  index={index}
                  row={rows.get(index)}
                  scales={scales}
                  chosen={chosen !== undefined && rows.get(index)?.feature_idx === chosen}
                  starred={bookmarked.has(rows.get(index)?.feature_idx ?? -1)}
                  onChoose={onChoose}
                  onStar={onStar}
                />
              ),
            )}
            <Gap rows={total - span.end} />
          </tbody>
        </table>
      </div>
      {failed && (
        <Failure
          error={failed.error}
          onRetry={() => void failed.refetch()}
          title="Some rows could not be read"
        />
      )}
    </>
  );
}

/** Keeps a row that was reached by key within the box, below its fixed head. */
function show(box: HTMLElement | null, index: number) {
  if (!box) return;
  const top = index * ROW_HEIGHT;
  const room = box.clientHeight - 2 * ROW_HEIGHT;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top > box.scrollTop + room) box.scrollTop = top - room;
}

/** Stands for the rows out of sight. */
function Gap({ rows }: { rows: number }) {
  if (rows <= 0) return null;
  return (
    <tr aria-hidden="true">
      <td colSpan={COLUMNS.length + 2} style={{ height: rows * ROW_HEIGHT, padding: 0, border: 0 }} />
    </tr>
  );
}

interface HeadProps {
  column: Column;
  first: TablePage;
  view: TableView;
  onView: (view: TableView) => void;
}

/** A second click turns the order round. */
function Head({ column: { sort, label, term }, first, view, onView }: HeadProps) {
  const active = sort === first.sort_by;
  const fits = sort !== "local_gain" || first.target.key.startsWith("action:");
  const turned = first.order === "asc" ? "desc" : "asc";
  const order = first.order === "asc" ? "ascending" : "descending";
  return (
    <th scope="col" aria-sort={active ? order : undefined}>
      <span className={rowClasses.head}>
        {sort !== null && fits ? (
          <SortButton
            active={active}
            rising={first.order === "asc"}
            onClick={() => onView({ ...view, sort, order: active ? turned : undefined })}
          >
            {label}
          </SortButton>
        ) : (
          label
        )}
        {term && <Explain term={term} />}
      </span>
    </th>
  );
}
