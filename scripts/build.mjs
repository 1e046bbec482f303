// Bundles the program into dist/: loading 300 small files of the dependencies takes longer than most commands run
// (docs/decisions.md#one-bundle-compiled-beforehand). Native modules stay outside.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';

/**
 * acme-client's own transport, certificate tools and debug log are replaced in src/acme (or not used), but loading them takes
 * 100 ms, longer than the rest of a run for one certificate.
 */
const withoutUnusedParts = {
  name: 'acme-client-without-unused-parts',
  setup(plugins) {
    plugins.onResolve({ filter: /^\.\/(axios|crypto|logger)$/ }, ({ path, importer }) =>
      /[\\/]acme-client[\\/]src[\\/]/.test(importer) ? { path, namespace: 'unused' } : undefined,
    );
    plugins.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'exports.log = () => {};' }));
  },
};

const draft = `dist-${String(process.pid)}.new`;
await build({
  entryPoints: { 'acme-ledger': 'src/cli/main.ts' },
  outdir: draft,
  bundle: true,
  // One file: each module that Node loads by itself costs a millisecond. What a command doesn't import isn't run all the same.
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  charset: 'ascii',
  platform: 'node',
  target: 'node20.19',
  mainFields: ['module', 'main'],
  // The native one, and the vendors' clients, which are there only for who uses them.
  external: ['better-sqlite3', 'cloudflare', '@aws-sdk/client-route-53', '@google-cloud/dns'],
  // bin/acme-ledger runs the bundle as a script on Node 20, where import() fails: what stays outside is required.
  supported: { 'dynamic-import': false },
  plugins: [withoutUnusedParts],
  // The names stay as they are: a stack trace must tell, and esbuild's `keepNames` would set that of every closure anew when it is made.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: false,
  logLevel: 'warning',
});
// One that comes as far as to a CA (port 1, tcpmux: nobody listens there), and one that reads the ledger.
for (const command of ['issue a.example --webroot . --ca https://127.0.0.1:1/ --agree-tos', 'authz list'])
  execFileSync(process.execPath, ['scripts/compile.mjs', `${draft}/acme-ledger.cjs`, ...command.split(' ')]);

// Swapped in whole: whoever starts the program meanwhile finds the old build or the new one.
const old = `dist-${String(process.pid)}.old`;
await rename('dist', old).catch(() => undefined);
await rename(draft, 'dist');
await rm(old, { recursive: true, force: true });
