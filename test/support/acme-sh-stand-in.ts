import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Stands in for acme.sh, which Debian and npm don't have. Like it, it runs any first word that is no option as a command of its own
 * shell, and has those of its functions that the scripts of its dnsapi use most. Those scripts, and the real program, work the same:
 * `docs/decisions.md` says with which version that was tried.
 */
const standIn = `#!/usr/bin/env sh
_info() { printf '%s\\n' "$*"; }
_err() { printf '%s\\n' "$*" >&2; return 1; }
_debug() { :; }
_initpath() {
  LE_WORKING_DIR="\${LE_WORKING_DIR:-$HOME/.acme.sh}"
  ACCOUNT_CONF_PATH="\${ACCOUNT_CONF_PATH:-$LE_WORKING_DIR/account.conf}"
  if [ -f "$ACCOUNT_CONF_PATH" ]; then . "$ACCOUNT_CONF_PATH"; fi
}
_readaccountconf_mutable() { eval "printf '%s' \\"\\$SAVED_$1\\""; }
_saveaccountconf_mutable() { printf "SAVED_%s='%s'\\n" "$1" "$2" >> "$ACCOUNT_CONF_PATH"; }
main() {
  [ -z "$1" ] && _info "usage" && return
  case "$1" in -*) _err "options aren't known here" ;; *) "$@" ;; esac
}
main "$@"
`;

/** A home of acme.sh as its installer makes it, with one script of its dnsapi. */
export async function acmeShHome(home: string, script: { name: string; body: string }): Promise<string> {
  await mkdir(path.join(home, 'dnsapi'), { recursive: true });
  await writeFile(path.join(home, 'acme.sh'), standIn);
  await chmod(path.join(home, 'acme.sh'), 0o755);
  await writeFile(path.join(home, 'account.conf'), '');
  const file = path.join(home, 'dnsapi', `${script.name}.sh`);
  await writeFile(file, script.body);
  return file;
}
