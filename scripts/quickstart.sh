#!/usr/bin/env bash
# Builds satchel and shows its main job on a copy of examples/notes. Needs no key; the network only for packages.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

prepare "${build_packages[@]}"

say "building satchel (a few minutes the first time)"
build=(swift build --package-path "$root" -c release --product satchel)
# On a terminal the progress is one line; elsewhere it would be hundreds.
if [ -t 1 ]; then "${build[@]}"; else "${build[@]}" --quiet; fi
satchel=$("${build[@]}" --show-bin-path)/satchel

workspace=$(mktemp -d)
trap 'rm -rf "$workspace"' EXIT
cp -R "$root/examples/notes/." "$workspace"
cd "$workspace"

# Whatever keys and habits you have: this is shown on the store of this machine, which is what you get without any.
export SATCHEL_CONFIG=/dev/null SATCHEL_ACCOUNT=local SATCHEL_CHAT_ACCOUNT=local

show() { printf '\n$ %s\n' "$*"; }
run() {
    show "$@"
    "$satchel" "${@:2}" </dev/null
}

run satchel init
run satchel sync

show "echo '- A table for tomorrow.' >> notes/todo.md"
echo '- A table for tomorrow.' >>notes/todo.md

show satchel sync --json
report=$("$satchel" sync --json </dev/null)
printf '%s\n' "$report"
grep -Eq '"uploaded" ?: ?1[^0-9]' <<<"$report" || die "one file was edited, so exactly one upload was expected"

run satchel status
run satchel chat "Why is high water later each day? @notes/method.md"

cat <<TXT

That was the main job, on the store of this machine. The program is
  $satchel
To keep a folder in step with OpenAI: export OPENAI_API_KEY, cd there, satchel init, satchel sync.
TXT
