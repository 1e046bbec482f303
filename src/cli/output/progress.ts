import { stat } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import type { CommandContext } from '../../run/run-context.ts';

export interface Progress {
  /** That many more will come, or fewer than was thought. */
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

export interface FileProgress extends Progress {
  /** So many more bytes of the files were read. */
  read(bytes: number): void;
}

/**
 * A bar for what is found in files while they are read: how much there will be is taken from what there was so far. Standard input has no
 * end to be seen: there the bar shows what was found.
 */
export async function startFileProgress(
  context: CommandContext,
  files: readonly string[],
  what: string,
): Promise<FileProgress> {
  const sizes = await Promise.all(files.filter((file) => file !== '-').map(sizeOf));
  const size = files.includes('-') ? 0 : sizes.reduce((sum, each) => sum + each, 0);
  const progress = startProgress(context, what);
  let [bytes, found, told] = [0, 0, 0];
  const estimate = (): void => {
    const share = size === 0 || bytes === 0 ? 1 : Math.min(1, bytes / size);
    const total = Math.round(found / share);
    progress.expect(total - told);
    told = total;
  };
  return {
    ...progress,
    read(more) {
      bytes += more;
      estimate();
    },
    expect(count) {
      found += count;
      estimate();
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
          stream: lastLine(),
          clearOnComplete: true,
          hideCursor: true,
          forceRedraw: true,
        });
        context.output.clearBar = () => process.stderr.write('\r\x1b[K');
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
      context.output.clearBar = null;
    },
  };
}

/** stderr, but that the cursor isn't taken back at the end to where it was at the beginning: results stand there by then. */
function lastLine(): NodeJS.WritableStream {
  const placing = ['\x1b7', '\x1b8'];
  const write = (text: string): boolean => placing.includes(text) || process.stderr.write(text);
  return Object.create(process.stderr, { write: { value: write } }) as NodeJS.WritableStream;
}
