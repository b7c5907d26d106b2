import { useEffect, type ReactNode } from "react";

import { appeared } from "@/lib/jump";

import classes from "./Panel.module.css";

interface PanelProps {
  id: string;
  title: string;
  step?: number;
  aside?: ReactNode;
  lead?: ReactNode;
  className?: string;
  children: ReactNode;
}

/** One section of the page. Its heading takes the focus when the step list jumps to it. */
export function Panel({ id, title, step, aside, lead, className, children }: PanelProps) {
  const heading = `${id}-title`;
  useEffect(() => appeared(id), [id]);
  return (
    <section
      id={id}
      aria-labelledby={heading}
      className={[classes.panel, className].filter(Boolean).join(" ")}
    >
      <header className={classes.head}>
        <div className={classes.titles}>
          <h2 id={heading} tabIndex={-1} className={classes.title}>
            {step !== undefined && (
              <span className={classes.step} aria-hidden="true">
                {step}
              </span>
            )}
            {title}
          </h2>
          {lead && <p className={classes.lead}>{lead}</p>}
        </div>
        {aside && <div className={classes.aside}>{aside}</div>}
      </header>
      {children}
    </section>
  );
}
