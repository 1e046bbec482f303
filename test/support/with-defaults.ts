/**
 * The arguments of a command, and behind them the options of `defaults` that are not among them: the program refuses an
 * option that is given twice.
 */
export function withDefaults(args: readonly string[], defaults: readonly string[]): string[] {
  const words = [...args];
  for (const [index, word] of defaults.entries()) {
    if (!word.startsWith('--')) continue;
    const value = defaults[index + 1];
    const pair = value === undefined || value.startsWith('--') ? [word] : [word, value];
    if (!args.includes(word)) words.push(...pair);
  }
  return words;
}
