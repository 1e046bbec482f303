import ts from 'typescript';

/** A source file: its path from the project's root, with forward slashes, and its text. */
export interface SourceText {
  name: string;
  text: string;
}

/** A function with a body, arrow functions and methods included. */
export interface FunctionSize {
  /** Its file and its first line. */
  place: string;
  lines: number;
}

/** The lines of a file; the end of the last line begins none. */
export function lineCount({ text }: SourceText): number {
  return text.split('\n').length - 1;
}

export function functionSizes(source: SourceText): FunctionSize[] {
  const file = parsed(source);
  const lineAt = (position: number): number => file.getLineAndCharacterOfPosition(position).line + 1;
  return nodesOf(file)
    .filter((node) => ts.isFunctionLike(node) && 'body' in node && node.body !== undefined)
    .map((node) => {
      const first = lineAt(node.getStart(file));
      return { place: `${source.name}:${String(first)}`, lines: lineAt(node.end) - first + 1 };
    });
}

/** Each `as` that changes a type: all but `as const`. */
export function typeAssertions(source: SourceText): string[] {
  const file = parsed(source);
  return nodesOf(file)
    .filter((node) => ts.isAsExpression(node) && node.type.getText(file) !== 'const')
    .map((node) => {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
      return `${source.name}:${String(line + 1)} ${node.getText(file).split('\n').join(' ').slice(0, 100)}`;
    });
}

/** Imports at run time, `import(…)`. */
export function dynamicImports(source: SourceText): number {
  return nodesOf(parsed(source)).filter(
    (node) => ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword,
  ).length;
}

/** What lies in how many files, by folder. */
export function filesByFolder(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) {
    const folder = name.slice(0, name.lastIndexOf('/'));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return counts;
}

/** The least of the numbers that the share of them doesn't exceed; 0 of none. @param share 0.5 for the median */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

function parsed({ name, text }: SourceText): ts.SourceFile {
  return ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
}

function nodesOf(root: ts.Node): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return nodes;
}
