// Bundles the program into dist/: loading 300 small files of the dependencies takes longer than most commands run
// (docs/decisions.md). Native modules stay outside.
import { build } from 'esbuild';
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
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // ES modules first: esbuild gives a split-off CommonJS module no named exports.
  mainFields: ['module', 'main'],
  external: ['better-sqlite3'],
  plugins: [withoutUnusedParts],
  minify: true,
  keepNames: true,
  sourcemap: false,
  logLevel: 'warning',
  // CommonJS dependencies inside an ES module bundle need a require.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
});

// Swapped in whole: whoever starts the program meanwhile finds the old build or the new one.
const old = `dist-${String(process.pid)}.old`;
await rename('dist', old).catch(() => undefined);
await rename(draft, 'dist');
await rm(old, { recursive: true, force: true });
