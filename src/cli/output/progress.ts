import { stat } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import type { FileProgress, Progress } from '../../run/run-context.ts';

/** A bar's view of the terminal, and its removal. */
export interface BarPlace {
  isVisible: boolean;
  /** Hands over the function that takes the bar off the last line; null while there is no bar. */
  onBar: (clear: (() => void) | null) => void;
}

/**
 * A bar for items that are found in files while these are read: the total is estimated from the items so far.
 * Standard input has no end to be seen: there the bar shows the items found.
 */
export async function startFileProgress(
  place: BarPlace,
  files: readonly string[],
  what: string,
): Promise<FileProgress> {
  const sizes = await Promise.all(files.filter((file) => file !== '-').map(sizeOf));
  const size = files.includes('-') ? 0 : sizes.reduce((sum, each) => sum + each, 0);
  const progress = startProgress(place, what);
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
export function startProgress({ isVisible, onBar }: BarPlace, what: string): Progress {
  let bar: SingleBar | null = null;
  let total = 0;
  return {
    expect(count) {
      if (!isVisible || count === 0) return;
      total += count;
      if (bar === null) {
        bar = new SingleBar({
          format: `{value}/{total} ${what} [{bar}] {eta_formatted} left`,
          stream: lastLine(),
          clearOnComplete: true,
          hideCursor: true,
          forceRedraw: true,
        });
        onBar(() => process.stderr.write('\r\x1b[K'));
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
      onBar(null);
    },
  };
}

/**
 * stderr, except that the cursor isn't taken back at the end to where it was at the beginning: results stand
 * there by then.
 */
function lastLine(): NodeJS.WritableStream {
  const placing = ['\x1b7', '\x1b8'];
  const write = (text: string): boolean => placing.includes(text) || process.stderr.write(text);
  return Object.create(process.stderr, { write: { value: write } }) as NodeJS.WritableStream;
}
