import type { TableRow } from "@/lib/types";

export type Reason = NonNullable<TableRow["match"]>[number];

export interface Piece {
  text: string;
  hit: boolean;
}

const KIND: Record<Reason["kind"], string> = { number: "", note: "note", does: "→", when: "when" };

/** The clause cut where it answers the search; marks that touch or overlap become one piece. */
export function piecesOf({ text, marks }: Pick<Reason, "text" | "marks">): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const [from = 0, to = 0] of [...marks].sort(([a = 0], [b = 0]) => a - b)) {
    const start = Math.max(from, at);
    if (to <= start) continue;
    const between = text.slice(at, start);
    const last = pieces.at(-1);
    if (last && between.trim() === "") last.text += between + text.slice(start, to);
    else {
      if (between) pieces.push({ text: between, hit: false });
      pieces.push({ text: text.slice(start, to), hit: true });
    }
    at = to;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), hit: false });
  return pieces;
}

export const kindOf = ({ kind }: Reason) => KIND[kind];

/** "→ raises right leg torque; when right foot on the floor" */
export const inWords = (reasons: readonly Reason[]) =>
  reasons.map((reason) => [kindOf(reason), reason.text].filter(Boolean).join(" ")).join("; ");
