import { hookStyles } from '../challenges/exec/hook-styles.ts';
import { deployVariables } from '../certificates/deploy-variables.ts';
import { runVariable } from '../system/orphaned-hooks.ts';
import { item, wrapped } from './layout.ts';

type Items = [term: string, text: string][];

/** `acme-ledger help hooks`: how each of the person's programs is called, and its environment. */
export async function hooksHelp(width: number): Promise<string[]> {
  const { nameVariables } = await import('../issuance/names/name-hook-variables.ts');
  const { finishVariables } = await import('../renew/report-hook.ts');
  const calls = Object.entries(hookStyles).map(([style, { calls }]): [string, string] => [style, calls]);
  const ofStyles = Object.entries(hookStyles)
    .filter(([, { variables }]) => Object.keys(variables).length > 0)
    .map(([style, { variables }]): [string, Items] => [
      `--hook with --hook-style ${style} gets`,
      Object.entries(variables),
    ]);
  const sections: [heading: string, items: Items][] = [
    ['--hook proves names. By --hook-style it is called as', calls],
    ...ofStyles,
    ['--deploy-hook gets no argument, and', whatOf(deployVariables)],
    [
      '--name-hook is called as CMD name-failing|name-suspended|name-recovered NAME, and gets',
      whatOf(nameVariables),
    ],
    ['--on-finish of renew gets the report on stdin, and', Object.entries(finishVariables)],
    [
      'All of them get',
      [
        [runVariable, 'the run that started it'],
        ['…', "acme-ledger's own environment, without ACME_LEDGER_URL and ACME_LEDGER_EAB_*"],
      ],
    ],
  ];
  return [
    ...wrapped(
      'acme-ledger help hooks: what programs of yours get as arguments and in their environment',
      width,
      2,
    ),
    ...sections.flatMap(([heading, items]) => ['', ...wrapped(heading, width), ...table(items, width)]),
    '',
    ...wrapped('How long each may take, who may change it, and samples: docs/hooks.md', width),
  ];
}

function table(items: Items, width: number): string[] {
  const termWidth = Math.max(...items.map(([term]) => term.length));
  return items.flatMap(([term, text]) => item(term, text, { width, termWidth }));
}

function whatOf(variables: Readonly<Record<string, { what: string }>>): Items {
  return Object.entries(variables).map(([name, { what }]) => [name, what]);
}
