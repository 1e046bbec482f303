import type { LogLine } from '../../log-and-stops.ts';
import { printable } from '../../printable.ts';
import { type Wait, waitsNow } from '../../waits.ts';
import { screen } from './screen.ts';

/** A wait that is over sooner needn't be told. */
const toldAfterMs = 1_000;
const lookEveryMs = 1_000;
const logEveryMs = 10_000;

/**
 * Tells what the run waits for: on a terminal in the line of progress, which changes with each second, and
 * every ten seconds in the log. @returns a function that ends it
 */
export function showWaits({ isVisible, log }: { isVisible: boolean; log: LogLine }): () => void {
  let loggedAt = performance.now();
  const look = setInterval(() => {
    const now = performance.now();
    const told = waitsNow().filter(({ begunAt, what }) => now - begunAt >= toldAfterMs && what() !== null);
    const text = told.length === 0 ? null : waitText(told, now);
    if (isVisible) screen.showWait(text);
    if (text === null || now - loggedAt < logEveryMs || now - (told[0]?.begunAt ?? now) < logEveryMs) return;
    loggedAt = now;
    log('info', {}, text);
  }, lookEveryMs).unref();
  return () => {
    clearInterval(look);
    if (isVisible) screen.showWait(null);
  };
}

/** `waiting for TXT at ns1.example.net (12 of 60 s), and 3 more`. The latest is the one that makes the others wait. */
function waitText(waits: readonly Wait[], now: number): string {
  const wait = waits.at(-1);
  if (wait === undefined) return '';
  const seconds = Math.round((now - wait.begunAt) / 1000);
  const limit = wait.limitMs === null ? '' : ` of ${String(Math.round(wait.limitMs / 1000))}`;
  const others = waits.length === 1 ? '' : `, and ${String(waits.length - 1)} more`;
  return `${printable(wait.what() ?? '')} (${String(seconds)}${limit} s)${others}`;
}
