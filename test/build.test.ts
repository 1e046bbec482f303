import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const bundle = fileURLToPath(new URL('../dist/acme-ledger.cjs', import.meta.url));

// Another Node's would crash this one: its version, size and age are in the name.
const node = statSync(process.execPath);
const compiled = `${bundle}.${process.version}-${node.size}-${node.mtimeMs}`;

it('the build keeps compiled code that fits its bundle and this Node', () => {
  const code = `const { Script } = require('node:vm');
    const text = module.constructor.wrap(fs.readFileSync(${JSON.stringify(bundle)}, 'latin1'));
    const cachedData = fs.readFileSync(${JSON.stringify(compiled)});
    [text, text + ' '].map((one) => new Script(one, { cachedData }).cachedDataRejected).join()`;
  // In a process of its own: V8's options are part of what fits, and other tests set some.
  expect(execFileSync(process.execPath, ['-p', code], { encoding: 'utf8' })).toBe('false,true\n');
  // bin/acme-ledger reads it as Latin-1.
  expect(readFileSync(bundle, 'utf8')).toBe(readFileSync(bundle, 'latin1'));
});
