/** The fields that the census reads of orders and authorizations, which share some. */
export interface ResourceText {
  status?: string;
  authorizations?: string[];
  finalize?: string;
  certificate?: string;
  identifier?: { type: string; value: string };
  wildcard?: boolean;
  challenges?: { url: string }[];
}

/** Reads a resource; `undefined` for what isn't JSON. */
export function parsed(body: string): ResourceText | undefined {
  try {
    return JSON.parse(body) as ResourceText;
  } catch {
    return undefined;
  }
}
