// Bundles the program into dist/: loading 300 small files of the dependencies takes longer than most commands run
// (docs/decisions.md). Native modules stay outside.
import { build } from 'esbuild';
import { rm } from 'node:fs/promises';

await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: { 'acme-ledger': 'src/cli/main.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // ES modules first: esbuild gives a split-off CommonJS module no named exports.
  mainFields: ['module', 'main'],
  external: ['better-sqlite3'],
  minify: true,
  keepNames: true,
  sourcemap: false,
  logLevel: 'warning',
  // CommonJS dependencies inside an ES module bundle need a require.
  banner: { js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);" },
});
