import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('../src/', import.meta.url));

/** Where a command begins that a person may paste: ours, one that is known by its first argument, or any word with a short option behind it. */
const command =
  /\bacme-ledger (?:account|authz|cert|issue|ledger|name|order|renew|status)\b|\b(?:cat|cd|chmod|chown|curl|df|findmnt|fuser|journalctl|kill|ls|mv|rm|sqlite3|sudo|systemctl) (?:-|\+|\d|root|[ugoa]+[-+=]|$)|\b[a-z][a-z0-9]+ -[A-Za-z]/;

/** Quote a value, or make text of a number; `wordsOf` of system/file-trust.ts quotes each path, the engine's `salvageCommand` its file. */
const quoting = ['shellWord', 'shellWords', 'String', 'wordsOf', 'selfCheck.salvageCommand'];

interface Unquoted {
  file: string;
  line: number;
  text: string;
}

/** Values in templates behind the beginning of a command, that aren't quoted for the shell. */
function unquotedIn(file: string, text: string): Unquoted[] {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Unquoted[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTemplateExpression(node)) {
      let before = node.head.text;
      for (const { expression, literal } of node.templateSpans) {
        if (command.test(before) && !isQuoted(expression)) {
          const { line } = tree.getLineAndCharacterOfPosition(expression.getStart());
          found.push({ file: path.relative(source, file), line: line + 1, text: expression.getText() });
        }
        before = `${before}\u0000${literal.text}`;
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function isQuoted(expression: ts.Expression): boolean {
  if (ts.isConditionalExpression(expression))
    return isQuoted(expression.whenTrue) && isQuoted(expression.whenFalse);
  if (ts.isStringLiteral(expression)) return true;
  // What is put together of several parts: each of its templates is looked at, too.
  if (ts.isTemplateExpression(expression))
    return expression.templateSpans.every((span) => isQuoted(span.expression));
  if (!ts.isCallExpression(expression)) return false;
  const name = expression.expression.getText();
  // A column of a row may hold any text.
  if (name === 'String' && expression.arguments.some((each) => ts.isElementAccessExpression(each)))
    return false;
  return quoting.includes(name);
}

test('what is to be pasted has no value from outside in it that is not quoted for the shell', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const found = files.flatMap((file) =>
    unquotedIn(path.join(source, file), readFileSync(path.join(source, file), 'utf8')),
  );
  expect(found.map(({ file, line, text }) => `${file}:${line} \${${text}}`)).toEqual([]);
});

test.each(['acme-ledger renew', 'cd', 'chmod g-w', 'base64 -d', 'openssl x509 -in'])(
  'a value that is not quoted is found behind "%s"',
  (begin) => {
    const foundIn = (value: string): Unquoted[] =>
      unquotedIn('sample.ts', `const hint = \`see: ${begin} \${${value}}\`;`);
    for (const value of ['unquoted', 'printable(unquoted)', "String(row['name'])"])
      expect(foundIn(value)).toHaveLength(1);
    for (const value of ['shellWord(unquoted)', 'String(count)']) expect(foundIn(value)).toEqual([]);
  },
);
