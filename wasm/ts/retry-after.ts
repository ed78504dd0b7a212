/** Headers of a response, as far as they are looked at. */
export interface HeadersLike {
  /** The value of a header; `null` where there is none. */
  get(name: string): string | null;
}

/**
 * For how many milliseconds a server asked to be left alone by `Retry-After`, in seconds or as a date; `undefined` if it did
 * not. A date counts from the server's own `Date`, where that can be seen, so that a wrong clock here does no harm.
 */
export function retryAfterOf(headers: HeadersLike): number | undefined {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const at = dateOf(text);
  if (at === undefined) return undefined;
  const ms = at - (dateOf(headers.get("date")?.trim() ?? "") ?? Date.now());
  return ms > 0 ? ms : undefined;
}

/** `Date.parse` takes much else for a date. */
function dateOf(text: string): number | undefined {
  const at = text.endsWith("GMT") ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : at;
}
