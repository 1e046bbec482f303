import { expect, test } from 'vitest';
import { assertDirectoryUrl } from '../../../src/acme/objects/web-url.ts';

test.for([
  'https://ca.example/directory',
  'http://localhost:14000/dir',
  'http://127.0.0.1/dir',
  'http://127.9.9.9:1/dir',
  'http://[::1]:1/dir',
  'http://ca.localhost/dir',
])('%s may be a directory', (url) => {
  expect(assertDirectoryUrl(url)).toBe(url);
});

test.for([
  'http://ca.example/dir',
  'http://127.0.0.1.ca.example/dir',
  'http://localhost.example/dir',
  'http://10.0.0.1/dir',
  'ftp://localhost/dir',
  'file:///etc/passwd',
  'https://user:secret@ca.example/dir',
  'https://ca.example/dir#part',
  'directory',
  '',
])('"%s" may not, and a password in it is not shown', (url) => {
  try {
    assertDirectoryUrl(url);
    expect.fail('it was taken');
  } catch (error) {
    expect(error).toMatchObject({ code: 'usage' });
    expect((error as Error).message).not.toContain('secret');
  }
});
