import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { newWorkspace } from './support/workspace.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const bundle = path.join(root, 'dist/acme-ledger.cjs');
const program = path.join(root, 'bin/acme-ledger');

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

it('what Node compiles is kept in the home that the password file tells, never in a folder that anybody may have made', () => {
  // Node 20 keeps nothing by itself: here it tells, as any other, which folder it was given.
  const spy = `import module from 'node:module';
    module.enableCompileCache = (folder) => console.error(folder);`;
  const env = { ...process.env, HOME: '/tmp', TMPDIR: '/tmp' };
  const args = ['--import', `data:text/javascript,${encodeURIComponent(spy)}`, program, '--version'];
  const { stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  expect(stderr).toBe(`${path.join(userInfo().homedir, '.cache/acme-ledger')}\n`);
});

it('starts without the compiled code where that can not be read', async () => {
  const workspace = await newWorkspace();
  const { directory } = workspace;
  cpSync(path.dirname(program), path.join(directory, 'bin'), { recursive: true });
  mkdirSync(path.join(directory, 'dist', path.basename(compiled)), { recursive: true });
  for (const file of ['dist/acme-ledger.cjs', 'node_modules', 'package.json'])
    symlinkSync(path.join(root, file), path.join(directory, file));
  const { status, stderr } = spawnSync(
    process.execPath,
    [path.join(directory, 'bin/acme-ledger'), '--version'],
    {
      encoding: 'utf8',
    },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  await workspace.remove();
});
