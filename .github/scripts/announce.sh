#!/usr/bin/env bash
# Opens one issue about the claims that newly fell.
#
# NEWS_FILE    its text, made by summarise.py          NEWS_COUNT    how many claims fell
# GH_TOKEN, GH_REPO                                    what `gh` needs
set -euo pipefail

[[ ${NEWS_COUNT:-} =~ ^[1-9][0-9]{0,3}$ ]] || exit 0
[[ -f $NEWS_FILE && ! -L $NEWS_FILE ]] || exit 0
noun=$([ "$NEWS_COUNT" = 1 ] && echo "claim" || echo "claims")
gh issue create --title "retest: $NEWS_COUNT $noun newly fell" --body-file "$NEWS_FILE" ||
  echo "::warning title=retest::$NEWS_COUNT $noun newly fell, and no issue could be opened; CHANGES.md names them."
