const isColourful = process.stdout.isTTY && process.stdout.hasColors();

/** A line of the demo's own. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A command line, as a person would type it. */
export function sayCommand(line: string): void {
  say(isColourful ? `\u001b[1m$ ${line}\u001b[0m` : `$ ${line}`);
}
