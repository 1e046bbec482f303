// Prints how large the parts of src are; test/tidy.test.ts holds the limits.
import { cycleAmong, sourcesUnder } from './project-sources.ts';
import { filesByFolder, functionSizes, lineCount, quantile, typeAssertions } from './source-figures.ts';

const sources = await sourcesUnder('src');
const files = sources.map(lineCount);
const functions = sources.flatMap(functionSizes);
const [fullest] = [...filesByFolder(sources.map(({ name }) => name))].toSorted(
  ([, one], [, other]) => other - one,
);
const cycle = cycleAmong(sources);
const longestFile = sources.toSorted((one, other) => lineCount(other) - lineCount(one))[0];
const longestFunction = functions.toSorted((one, other) => other.lines - one.lines)[0];

console.log(
  [
    ['files', ...sizes(files), longestFile?.name],
    ['functions', ...sizes(functions.map(({ lines }) => lines)), longestFunction?.place],
    ['most files in a folder', fullest?.[1], fullest?.[0]],
    ['cycles of imports', cycle.length === 0 ? 0 : `at least 1: ${cycle.join(' → ')}`],
    ['type assertions (as, but as const)', sources.flatMap(typeAssertions).length],
  ]
    .map((cells) => cells.join('  '))
    .join('\n'),
);

function sizes(lines: readonly number[]): string[] {
  return [
    `${String(lines.length)}, lines:`,
    `median ${String(quantile(lines, 0.5))},`,
    `90th percentile ${String(quantile(lines, 0.9))},`,
    `longest ${String(Math.max(...lines))}`,
  ];
}
