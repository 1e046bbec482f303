/** RFC 3339 UTC with milliseconds, as `Date.toISOString` writes it: sorts as text on every engine, readable by a person. */
export type Instant = string;

/** JSON in a text column. */
export type Json = string;

/** 0 or 1: SQLite has no booleans. */
export type Flag = 0 | 1;
