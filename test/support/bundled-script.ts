import { build } from 'esbuild';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Bundles a script with what it imports of src, for a test that runs it in several processes: with tsx each of them would take
 * a second of processor time to compile it anew.
 * @returns the file to run with Node, at the same place each time
 */
export async function bundledScript(source: URL): Promise<string> {
  const script = fileURLToPath(source);
  // Below the project, where its native modules are found.
  const folder = fileURLToPath(new URL('../../.cache/test-scripts/', import.meta.url));
  const outfile = path.join(folder, `${path.basename(script, '.ts')}.mjs`);
  await build({
    entryPoints: [script],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    external: ['better-sqlite3'],
    logLevel: 'warning',
  });
  return outfile;
}
