import { describe, expect, it } from 'vitest';
import { certificateFields } from '../../src/settings/certificate-fields.ts';

describe('the fields of a row', () => {
  it('are the options of issue by their names, and null is the usual value', () => {
    expect(
      certificateFields({
        name: 'web',
        names: ['a.test', 'b.test'],
        ca: 'zerossl',
        hook: '/dns.sh',
        hookTimeout: '30s',
        reuseKey: 'yes',
        profile: null,
      }),
    ).toEqual({
      names: ['a.test', 'b.test'],
      ca: 'zerossl',
      options: { certName: 'web', hook: '/dns.sh', hookTimeout: '30s', reuseKey: true, profile: '' },
    });
    expect(certificateFields({ names: ' a.test  b.test ' })).toEqual({
      names: ['a.test', 'b.test'],
      ca: undefined,
      options: {},
    });
  });

  it.each([
    [{ nmaes: ['a.test'] }, 'there is no field "nmaes"', 'did you mean names?'],
    [{ 'deploy-hook': 'x' }, 'there is no field "deploy-hook"', 'did you mean deployHook?'],
    [
      JSON.parse('{"__proto__":{}}') as object,
      'there is no field "__proto__"',
      /^the fields are name, names/,
    ],
    [{ names: ['a.test', 5] }, 'names must be a list of names, not ["a.test",5]', /^for example names: \[/],
    [{ names: ['a.test'], reuseKey: 'maybe' }, 'reuseKey must be yes or no, not "maybe"', /true$/],
    [{ names: ['a.test'], webroot: { a: 1 } }, 'webroot must be text, not {"a":1}', /^for example/],
    [{ names: ['a.test'], listen: [80] }, 'listen must be text or a number, not [80]', /60$/],
    [{ name: 'a' }, 'it has no names', /^give/],
  ])('are refused when they are not there or of another kind: %j', (row, message, hint) => {
    expect(() => certificateFields(row as Record<string, unknown>)).toThrow(
      expect.objectContaining({
        code: 'bad-file',
        message,
        hint: typeof hint === 'string' ? hint : (expect.stringMatching(hint) as string),
      }),
    );
  });
});
