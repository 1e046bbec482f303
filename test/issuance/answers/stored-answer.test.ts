import { expect, test } from 'vitest';
import { answerOf } from '../../../src/issuance/answers/stored-answer.ts';

test('an answer is in one batch with those of its own solver alone', () => {
  const rows = ['one.example', 'two.example', 'three.example'].map((identifier, index) => ({
    settings: { solver: 'exec', hook: index === 1 ? 'other' : 'mine' },
    challenge_type: 'dns-01',
    identifier_type: 'dns',
    identifier,
    token: 'token',
    key_authorization: 'token.thumbprint',
  }));
  const batches = rows.map((row) => answerOf(row, rows).batch);
  const answers = [answerOf(rows[0]!), answerOf(rows[2]!)];
  expect(answers.map(({ identifier }) => identifier.value)).toEqual(['one.example', 'three.example']);
  expect(batches).toEqual([{ answers, remaining: 1 }, undefined, { answers, remaining: 0 }]);
});
