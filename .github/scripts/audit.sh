#!/usr/bin/env bash
# Runs the night's audit and tells GitHub what came of it. A night on which nothing could be asked is no failure:
# nothing was changed, and the next one asks again.
#
# AUDIT_SEEDS   files or folders, one a line            AUDIT_OUT     where the reports are
# AUDIT_SINCE, AUDIT_AS_OF, AUDIT_SOURCE, AUDIT_JUDGE   options of `retest run`, empty for its defaults
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${RUNNER_TEMP:?}/retest
out=${AUDIT_OUT:-outputs}
mkdir -p "$folder"

mapfile -t seeds < <(printf '%s\n' "${AUDIT_SEEDS:-seeds}" | sed '/^[[:space:]]*$/d')
flags=(--json --out "$out")
[ -z "${AUDIT_SINCE:-}" ] || flags+=(--since "$AUDIT_SINCE")
[ -z "${AUDIT_AS_OF:-}" ] || flags+=(--as-of "$AUDIT_AS_OF")
[ -z "${AUDIT_SOURCE:-}" ] || flags+=(--source "$AUDIT_SOURCE")
[ -z "${AUDIT_JUDGE:-}" ] || flags+=(--judge "$AUDIT_JUDGE")

rm -f "$folder"/*

# The runner obeys lines that begin with two colons. What is called what in a paper or an essay must not command it.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$token"
status=0
retest run "${flags[@]}" -- "${seeds[@]}" >"$folder/run.json" 2>"$folder/said" || status=$?
# Whole, and on the stream of the two tokens: a `tee` beside the run may come too late, and the runner keeps no order
# between stdout and stderr.
cat "$folder/said"
echo "::$token::"

case $status in
  0 | 3 | 4) ;;
  1)
    # An outage says that nothing was changed; whatever else ends with 1 is a failure to be seen.
    grep -qE 'left as it was|nothing was changed' "$folder/said" || exit 1
    echo "::warning title=retest::Nothing could be asked tonight, so nothing was changed; the log says why."
    echo "Nothing could be asked tonight, so nothing was changed." >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
    echo "news=false" >>"${GITHUB_OUTPUT:-/dev/null}"
    echo "fallen=0" >>"${GITHUB_OUTPUT:-/dev/null}"
    exit 0
    ;;
  *) exit "$status" ;;
esac

python "$here/summarise.py" "$folder" "$out"
