import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SeenRequest } from '../support/acme-request.ts';
import type { Fault } from '../support/fault.ts';

/** Where A is held: at its n-th request before the CA hears of it, at the CA's answer to it, or in its n-th hook. From 1. */
export interface Point {
  what: 'request' | 'answer' | 'hook';
  n: number;
}

/** One hold of one run. */
export class Hold {
  readonly reached: Promise<void>;
  /** What the request was, once it has come. */
  label: string | null = null;
  private readonly released: Promise<void>;
  private seen = 0;
  private reach!: () => void;
  private release_!: () => void;
  private isOver = false;
  private readonly point: Point;
  private readonly directory: string;

  constructor(point: Point, directory: string) {
    this.point = point;
    this.directory = directory;
    this.reached = new Promise((resolve) => (this.reach = resolve));
    this.released = new Promise((resolve) => (this.release_ = resolve));
  }

  /** Takes a request of A's on its way: from the point on, each stands still. */
  async take({ kind }: SeenRequest): Promise<Fault | undefined> {
    const { what, n } = this.point;
    if (what === 'hook') return undefined;
    this.seen += 1;
    if (this.seen < n || this.isOver) return undefined;
    this.label ??= kind;
    if (what === 'answer' && this.seen === n) return { type: 'hold-answer', until: this.untilReleased() };
    await this.untilReleased();
    return undefined;
  }

  /** What A's hooks are given. */
  environment(): Record<string, string> {
    return this.point.what === 'hook' ? { PAIRS_HOOK_AT: String(this.point.n) } : {};
  }

  /** Resolves when A stands still in a hook; never where it isn't held there. */
  async untilInHook(): Promise<void> {
    if (this.point.what !== 'hook') return new Promise(() => undefined);
    while (!this.isOver && !existsSync(path.join(this.directory, 'held.A'))) await delay(20);
    this.label = 'hook';
    this.reach();
  }

  async release(): Promise<void> {
    this.isOver = true;
    await writeFile(path.join(this.directory, 'go.A'), '');
    this.release_();
  }

  private untilReleased(): Promise<void> {
    this.reach();
    return this.released;
  }
}
