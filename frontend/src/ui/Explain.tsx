import { Popover } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { glossary, type Term } from "@/lib/glossary";

import classes from "./Explain.module.css";

/** The "?" beside a number: its formula and one sentence on how to read it. Opens on hover, keyboard focus, click and touch. */
export function Explain({ term }: { term: Term }) {
  return <Card {...glossary[term]} />;
}

/** The same for what the server explains itself. */
export function Formula({ title, formula }: { title: string; formula: string }) {
  return <Card title={title} formula={formula} />;
}

interface CardProps {
  title: string;
  formula?: ReactNode;
  text?: string;
}

function Card({ title, formula, text }: CardProps) {
  const [pinned, setPinned] = useState(false);
  const [hovered, setHovered] = useState(false);
  const close = () => {
    setPinned(false);
    setHovered(false);
  };
  return (
    <Popover
      opened={pinned || hovered}
      onChange={setPinned}
      onDismiss={() => setPinned(false)}
      width={300}
      position="top"
      shadow="md"
      withArrow
      trapFocus={false}
      withinPortal
    >
      <Popover.Target>
        <button
          type="button"
          className={classes.button}
          aria-label={`What is ${title}?`}
          onClick={(event) => {
            event.stopPropagation();
            setPinned((open) => !open);
          }}
          onMouseEnter={() => setHovered(true)}
          onMouseLeave={() => setHovered(false)}
          // reached by the keyboard it opens by itself; a click of the mouse focuses it as well, and pins
          onFocus={(event) => setHovered(event.currentTarget.matches(":focus-visible"))}
          onBlur={close}
          onKeyDown={(event) => event.key === "Escape" && close()}
        >
          ?
        </button>
      </Popover.Target>
      <Popover.Dropdown className={classes.card}>
        <strong>{title}</strong>
        {formula && <p className={classes.formula}>{formula}</p>}
        {text && <p>{text}</p>}
      </Popover.Dropdown>
    </Popover>
  );
}
