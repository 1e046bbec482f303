/** Options whose value is a command: its words may hold tokens. */
const commands = /hook$|command$|^on-|cmd$/;
/** Options whose value would be a secret itself, and not the file or the kind of one. */
const secrets = /(key|secret|token|password|hmac)$/;
/** Parameters of URLs that let somebody in have such names. */
const secretParameter = /key|secret|token|pass|sig|jwt|auth/i;

/**
 * The arguments of a command as a log may keep them: without passwords in URLs, without the words of commands but the
 * program, without values of options that are secrets.
 */
export function maskedArguments(words: readonly string[]): string[] {
  let before = '';
  return words.map((word) => {
    const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    const option = before;
    before = name !== undefined && value === undefined ? name : '';
    if (name !== undefined) return value === undefined ? word : `--${name}=${masked(name, value)}`;
    return masked(option, word);
  });
}

function masked(option: string, value: string): string {
  if (secrets.test(option)) return '***';
  if (commands.test(option)) return programOf(value);
  return value
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#@:]*):[^/?#]*@/i, '$1:***@')
    .split(/(?=[?&])/)
    .map(maskedParameter)
    .join('');
}

/** @param part a part of a URL that begins with `?` or `&`, or the part before the first of them */
function maskedParameter(part: string): string {
  const end = part.indexOf('=');
  const isSecret = /^[?&]/.test(part) && end > 0 && secretParameter.test(part.slice(0, end));
  return isSecret ? `${part.slice(0, end)}=***` : part;
}

/** The program of a shell command; `…` stands for all else that is there. */
function programOf(command: string): string {
  const words = command.trim().split(/\s+/);
  const program = words.find((word) => !/^[A-Za-z_]\w*=/.test(word)) ?? '';
  const isAlone = words.length === 1 && /^[\w./~-]+$/.test(program);
  return isAlone ? program : `${/^[\w./~-]+$/.test(program) ? `${program} ` : ''}…`;
}
