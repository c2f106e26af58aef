#!/usr/bin/env bash
# Commits the night's reports, where they differ from what is committed.
#
# AUDIT_OUT    where the reports are kept in this checkout
# AUDIT_FROM   a folder with the reports of another job; empty when they were written here
set -euo pipefail

# Also for a rebase, which asks for a committer.
export GIT_AUTHOR_NAME="github-actions[bot]" GIT_COMMITTER_NAME="github-actions[bot]"
export GIT_AUTHOR_EMAIL="41898282+github-actions[bot]@users.noreply.github.com"
export GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL

out=${AUDIT_OUT:-outputs}
from=${AUDIT_FROM:-}

refuse() {
  echo "::error title=retest::$1"
  exit 1
}

# The first lines as `retest/outputs.py` knows them: a note that only has such a tag is somebody's own.
written_by_retest() {
  local head
  mapfile -t -n 4 head <"$1"
  [[ ${head[0]-} == "---" && ${head[1]-} == "title: "* && ${head[2]-} == "as_of: "* &&
    ${head[3]-} == "tags: [retest"[],]* ]]
}

case "/$out/" in
  //* | */../* | */./* | */.git/*) refuse "The folder of the reports must lie inside the repository." ;;
esac
[ ! -L "$out" ] || refuse "The folder of the reports must not be a link."

# The job that wrote these files has read strangers' words. It may hand on reports, and nothing else: no folder, no
# link, no name that git or a shell would read as something more.
if [ -n "$from" ]; then
  mkdir -p "$out"
  while IFS= read -r -d '' path; do
    name=${path#"$from"/}
    [[ -f $path && ! -L $path && $name =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*\.(md|json|jsonl|bib|svg|toml|patch)$ ]] ||
      refuse "Something among the reports is not a report; nothing was committed."
  done < <(find "$from" -mindepth 1 -print0)
  # Of the reports that the night before wrote, that of a seed which is gone is not among them; all else stays.
  earlier=()
  if [ -f "$out/verdicts.json" ]; then
    mapfile -t earlier < <(sed -n 's/^ *"stem": "\([A-Za-z0-9_-]*\)",\{0,1\}$/\1/p' "$out/verdicts.json")
  fi
  find "$from" -mindepth 1 -exec cp -- '{}' "$out/" ';'
  for stem in "${earlier[@]}"; do
    report=$out/$stem.md
    if [[ -f $report && ! -L $report && ! -e $from/$stem.md ]] && written_by_retest "$report"; then
      rm -- "$report"
    fi
  done
fi

git add --all -- "$out"
if git diff --cached --quiet; then
  echo "Nothing to commit."
  exit 0
fi

# The message is always the same: a title in it could close an issue or call somebody.
git commit --quiet --message "retest: nightly audit"
for _ in 1 2 3; do
  if git push --quiet; then
    echo "Committed."
    exit 0
  fi
  git pull --quiet --rebase
done
refuse "The reports could not be pushed."
