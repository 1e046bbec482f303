/**
 * A hook in lego's style for http-01 (`present|cleanup NAME TOKEN KEYAUTH`) whose behaviour shows in the name that it is called for:
 * `bad…` fails, `hang…` puts the answer up and never ends, `deaf…` moreover ignores SIGTERM, also at clean-up, `slow…` takes 2 s, `stuck…` hangs and can't be taken down, `limp…` hangs
 * when it puts its answer up and when it takes it down.
 * With a file `mended` beside it, it always succeeds at once.
 */
export function hookScript(directory: string): string {
  return `#!/bin/sh
answers='${directory}/.well-known/acme-challenge'
name=$2
[ -e '${directory}/mended' ] && name=mended
echo "$1 $2" >> '${directory}/hook.log'
if [ "$1" = cleanup ]; then
  case "$name" in
    stuck*) echo "zone is locked" >&2; exit 4;;
    limp*) echo $$ >> '${directory}/hook.pids'; exec sleep 300;;
  esac
  rm -f "$answers/$3"
  case "$name" in deaf*) echo $$ >> '${directory}/hook.pids'; trap '' TERM; exec sleep 25;; esac
  exit 0
fi
case "$name" in bad*) echo "no zone for $2" >&2; exit 3;; esac
mkdir -p "$answers"
printf %s "$4" > "$answers/$3"
case "$name" in
  hang*|stuck*|limp*) echo $$ >> '${directory}/hook.pids'; exec sleep 25;;
  deaf*) echo $$ >> '${directory}/hook.pids'; trap '' TERM; exec sleep 25;;
  slow*) sleep 2;;
esac
exit 0
`;
}
