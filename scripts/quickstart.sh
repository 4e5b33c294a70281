#!/usr/bin/env bash
# Builds satchel and shows its main job on a copy of examples/notes. Needs no key; the network only for packages.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

prepare "${build_packages[@]}"

say "building satchel (a few minutes the first time)"
# With Swift's libraries inside it starts in half the time and runs where there is no Swift.
build=(swift build --package-path "$root" -c release --product satchel --static-swift-stdlib)
# On a terminal the progress is one line; elsewhere it would be hundreds, which are shown only when it fails.
if [ -t 1 ]; then
    "${build[@]}"
else
    log=$("${build[@]}" 2>&1) || { printf '%s\n' "$log"; die "the build failed"; }
fi
satchel=$("${build[@]}" --show-bin-path)/satchel

workspace=$(mktemp -d)
trap 'rm -rf "$workspace"' EXIT
cp -R "$root/examples/notes/." "$workspace"
cd "$workspace"

# Whatever keys and habits you have: this is shown on the store of this machine, which is what you get without any.
export SATCHEL_CONFIG=/dev/null SATCHEL_ACCOUNT=local SATCHEL_CHAT_ACCOUNT=local

show() { printf '\n$ %s\n' "$*"; }
# Shows a command as it would be typed, then runs it.
run() {
    local line=satchel word
    for word in "$@"; do
        case $word in *' '*) line+=" \"$word\"" ;; *) line+=" $word" ;; esac
    done
    show "$line"
    "$satchel" "$@" </dev/null
}

run init
run sync

show "echo '- A table for tomorrow.' >> notes/todo.md"
echo '- A table for tomorrow.' >>notes/todo.md

show satchel sync --json
report=$("$satchel" sync --json </dev/null)
printf '%s\n' "$report"
grep -Eq '"uploaded" ?: ?1([^0-9]|$)' <<<"$report" || die "one file was edited, so exactly one upload was expected"

run status
run chat "Why is high water later each day? @notes/method.md"

cat <<TXT

That was the main job, on the store of this machine. The program is
  $satchel
To keep a folder in step with OpenAI: export OPENAI_API_KEY, cd there, satchel init, satchel sync.
TXT
