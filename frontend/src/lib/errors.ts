export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly fields: Record<string, string>;

  constructor(message: string, code: string, status: number, fields: Record<string, string> = {}) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.fields = fields;
  }
}

interface ErrorBody {
  error?: { code?: string; message?: string; fields?: Record<string, string> };
}

/** The server's own sentence where there is one; otherwise what the status means. */
export function toApiError(status: number, body: unknown): ApiError {
  const error = (body as ErrorBody | null | undefined)?.error;
  const fallback = `The server answered with status ${status} and no explanation.`;
  return new ApiError(error?.message ?? fallback, error?.code ?? "unknown", status, error?.fields);
}

export function unreachable(): ApiError {
  return new ApiError(
    "The server did not answer. Check that it is running, then try again.",
    "unreachable",
    0,
  );
}

/** By name, not by class: the request and the page may come from different realms. */
export const isAbort = (cause: unknown) =>
  cause instanceof Object && "name" in cause && cause.name === "AbortError";

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong that has no message.";
}
