/**
 * The variables that a file of acme.sh sets, one `NAME='value'` a line. Nothing is expanded; a value wrapped in acme.sh's own base64
 * is unwrapped. The last of several counts, as for the shell.
 */
export function shellValues(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, name, single, double, plain] =
      /^\s*(?:export\s+)?([A-Za-z_]\w*)=(?:'([^']*)'|"([^"]*)"|([^'"\s]*))\s*$/.exec(line) ?? [];
    if (name !== undefined) values.set(name, unwrapped(single ?? double ?? plain ?? ''));
  }
  return values;
}

function unwrapped(value: string): string {
  const [, base64] = /^__ACME_BASE64__START_(.*)__ACME_BASE64__END_$/.exec(value) ?? [];
  return base64 === undefined ? value : Buffer.from(base64, 'base64').toString('utf8');
}
