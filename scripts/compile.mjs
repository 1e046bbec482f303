// compile.mjs BUNDLE COMMAND…: runs a command of a new build and keeps beside it what V8 has compiled of it so far: on Node 20,
// bin/acme-ledger starts from that, when it is the same Node.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Script } from 'node:vm';

const [node, , bundle, ...command] = process.argv;
const file = path.resolve(bundle);
const { size, mtimeMs } = statSync(process.execPath);
const compiled = `${file}.${process.version}-${String(size)}-${String(mtimeMs)}`;
const scratch = mkdtempSync(path.join(tmpdir(), 'acme-ledger-build-'));
process.argv = [node, file, '--state-dir', path.join(scratch, 'state'), ...command];
// What the command says is of no use here, nor whether it succeeds.
process.stdout.write = process.stderr.write = () => true;
process.once('exit', () => {
  writeFileSync(compiled, script.createCachedData());
  rmSync(scratch, { recursive: true });
  process.exitCode = 0;
});

const script = new Script(module.wrap(readFileSync(file, 'latin1')), {
  // Stack traces tell it, also when the bundle has been moved to its place.
  filename: path.resolve('dist', path.basename(file)),
  cachedData: existsSync(compiled) ? readFileSync(compiled) : undefined,
});
script.runInThisContext()({}, module.createRequire(file));
