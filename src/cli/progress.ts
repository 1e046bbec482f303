import { SingleBar } from 'cli-progress';
import type { CommandContext } from './context.ts';

export interface Progress {
  /** That many more will come. */
  expect(count: number): void;
  done(): void;
  stop(): void;
}

/** A bar on a terminal's stderr; nothing anywhere else, with -q, --json on a terminal or --no-progress. */
export function startProgress({ settings, output }: CommandContext, what: string): Progress {
  const visible =
    settings.progress &&
    settings.verbosity >= 0 &&
    process.stderr.isTTY &&
    !(output.json && process.stdout.isTTY);
  let bar: SingleBar | null = null;
  let total = 0;
  return {
    expect(count) {
      if (!visible || count === 0) return;
      total += count;
      if (bar === null) {
        bar = new SingleBar({
          format: `{value}/{total} ${what} [{bar}] {eta_formatted} left`,
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: true,
        });
        bar.start(total, 0);
      } else {
        bar.setTotal(total);
      }
    },
    done() {
      bar?.increment();
    },
    stop() {
      bar?.stop();
    },
  };
}
