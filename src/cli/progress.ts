import { stat } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import type { CommandContext } from './context.ts';

export interface Progress {
  /** That many more will come. */
  expect(count: number): void;
  done(): void;
  stop(): void;
}

/** Nothing is shown but on a terminal, with -q, --json on a terminal or --no-progress. */
function isVisible({ settings, output }: CommandContext): boolean {
  return (
    settings.progress &&
    settings.verbosity >= 0 &&
    process.stderr.isTTY &&
    !(output.json && process.stdout.isTTY)
  );
}

export interface ByteProgress {
  /** So many more bytes were read. */
  read(bytes: number): void;
  done(): void;
  stop(): void;
}

/**
 * A bar over the files that are read: how many things they hold shows only at their end, and they are read as fast as those are dealt
 * with. From standard input there is no end to be seen, and so no estimate.
 */
export async function startByteProgress(
  context: CommandContext,
  files: readonly string[],
): Promise<ByteProgress> {
  const sizes = await Promise.all(files.filter((file) => file !== '-').map(sizeOf));
  const total = files.includes('-') ? 0 : sizes.reduce((sum, size) => sum + size, 0);
  const ending = total === 0 ? '' : ' [{bar}] {percentage} % read, {eta_formatted} left';
  const bar = isVisible(context)
    ? new SingleBar({
        format: `{count} authorizations${ending}`,
        stream: process.stderr,
        clearOnComplete: true,
        hideCursor: true,
      })
    : null;
  let [bytes, count] = [0, 0];
  bar?.start(total, 0, { count });
  return {
    read(more) {
      bytes += more;
      bar?.update(Math.min(bytes, total), { count });
    },
    done() {
      count += 1;
      bar?.update(Math.min(bytes, total), { count });
    },
    stop() {
      bar?.stop();
    },
  };
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

/** A bar on a terminal's stderr. */
export function startProgress(context: CommandContext, what: string): Progress {
  const visible = isVisible(context);
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
