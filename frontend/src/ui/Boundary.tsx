import { Component, Suspense, type ReactNode } from "react";

import { client } from "@/lib/client";
import { messageOf, unreachable } from "@/lib/errors";

import { Failure } from "./States";

interface Props {
  /** What could not be opened, as a title. */
  title: string;
  children: ReactNode;
}

interface State {
  error: Error | null;
}

/** A part of the page that has not been fetched yet cannot be fetched from a server that is gone. */
const isMissingPart = (error: unknown) =>
  /dynamically imported module|module script failed|preload CSS/i.test(messageOf(error));

/** Holds an error inside one part of the page, so that the rest stays; the address brings the part back. */
export class Boundary extends Component<Props, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render() {
    const { error } = this.state;
    return error ? <Broken title={this.props.title} error={error} /> : this.props.children;
  }
}

interface PartProps extends Props {
  /** In its place until it is there. */
  fallback?: ReactNode;
}

/** A part that is fetched when it is first shown: from a server that is gone it alone is missing, not the page. */
export function LazyPart({ title, fallback, children }: PartProps) {
  return (
    <Boundary title={title}>
      <Suspense fallback={fallback}>{children}</Suspense>
    </Boundary>
  );
}

/** Reloads the page, but only from a server that answers: otherwise the browser's own error page would replace it. */
async function reload() {
  const reply = await client.GET("/healthz").catch(() => null);
  if (reply?.response.ok) window.location.reload();
}

/** Also what the router shows for an error outside of every boundary. */
export function Broken({ title, error }: { title: string; error: unknown }) {
  return (
    <Failure
      title={title}
      error={isMissingPart(error) ? unreachable() : error}
      onRetry={() => void reload()}
    />
  );
}
