import { num } from "@/lib/format";
import type { Channel, Summary } from "@/lib/types";

import type { Column, NetworkLayout, Unit } from "./network-layout";
import classes from "./Network.module.css";

interface Names {
  observations?: Channel[];
  actions?: Channel[];
}

const READABLE_PITCH = 11;

/** A name without its remark: "u 3 (acts only through its sign)" is "u 3" beside the drawing, and whole in the tip. */
const shortName = (name: string) => name.replace(/ \(.*\)$/, "");

function nameOf(layout: NetworkLayout, { layer, unit }: Unit, { observations, actions }: Names): string {
  const last = layout.columns.length - 1;
  const channel = layer === 0 ? observations?.[unit] : layer === last ? actions?.[unit] : undefined;
  if (channel) return channel.name;
  return layer === 0 ? `observation ${unit}` : layer === last ? `action ${unit}` : `unit ${unit}`;
}

function ChannelNames({
  column,
  channels,
  side,
  hovered,
}: {
  column: Column;
  channels: Channel[];
  side: "left" | "right";
  hovered: Unit | null;
}) {
  if (channels.length !== column.layer.size || column.pitch < READABLE_PITCH) return null;
  const style = (unit: number) =>
    side === "left"
      ? { top: column.y(unit), right: `calc(100% - ${column.x - 12}px)` }
      : { top: column.y(unit), left: column.x + 12 };
  return channels.map((channel, unit) => (
    <span
      key={channel.index}
      className={classes.channel}
      data-hot={hovered?.layer === column.layer.index && hovered.unit === unit}
      style={style(unit)}
    >
      {shortName(channel.name)}
    </span>
  ));
}

export function NetworkLabels({
  layout,
  hovered,
  observations,
  actions,
}: Names & { layout: NetworkLayout; hovered: Unit | null }) {
  const first = layout.columns[0];
  const last = layout.columns.at(-1);
  return (
    <div aria-hidden="true">
      {layout.columns.map((column) => (
        <span key={column.layer.index} className={classes.columnHead} style={{ left: column.x }}>
          {column === first ? "observation" : column === last ? "action" : `hidden ${column.layer.index}`}
          <b>{column.layer.size}</b>
        </span>
      ))}
      {first && observations && (
        <ChannelNames column={first} channels={observations} side="left" hovered={hovered} />
      )}
      {last && actions && <ChannelNames column={last} channels={actions} side="right" hovered={hovered} />}
    </div>
  );
}

interface TipProps extends Names {
  layout: NetworkLayout;
  summary: Summary;
  hovered: Unit;
}

/** The hovered unit and its three strongest drawn weights in each direction. */
export function NetworkTip({ layout, summary, hovered, ...names }: TipProps) {
  const column = layout.columns.find((each) => each.layer.index === hovered.layer);
  if (!column) return null;
  const incoming = summary.connections
    .filter((each) => each.to_layer === hovered.layer)
    .flatMap((each) =>
      each.edges
        .filter(([, to]) => to === hovered.unit)
        .map(([from, , w]) => ({ layer: each.from_layer, unit: from, w })),
    );
  const outgoing = summary.connections
    .filter((each) => each.from_layer === hovered.layer)
    .flatMap((each) =>
      each.edges
        .filter(([from]) => from === hovered.unit)
        .map(([, to, w]) => ({ layer: each.to_layer, unit: to, w })),
    );
  const flip = column.x > layout.width / 2;
  const top = Math.min(Math.max(column.y(hovered.unit) - 20, 0), layout.height - 140);
  return (
    <div
      className={classes.tip}
      style={flip ? { top, right: layout.width - column.x + 16 } : { top, left: column.x + 16 }}
      aria-hidden="true"
    >
      <strong>{nameOf(layout, hovered, names)}</strong>
      {[
        { title: "from", edges: incoming },
        { title: "to", edges: outgoing },
      ].map(({ title, edges }) =>
        edges.length === 0 ? null : (
          <div key={title} className={classes.tipEdges}>
            {edges.slice(0, 3).map(({ layer, unit, w }) => (
              <span key={unit}>
                <i>{title}</i> {nameOf(layout, { layer, unit }, names)}{" "}
                <b data-sign={w < 0 ? "neg" : "pos"}>{num(w, 2)}</b>
              </span>
            ))}
          </div>
        ),
      )}
    </div>
  );
}
