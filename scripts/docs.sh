#!/usr/bin/env bash
# Writes docs/commands.md from the help texts of the built program.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

prepare "${build_packages[@]}"
cd "$root"
swift build --product satchel --quiet
satchel=$(swift build --show-bin-path)/satchel

# Prints the help of `satchel $@` and of everything below it.
describe() {
    local help name
    help=$(COLUMNS=100 "$satchel" "$@" --help)
    printf '\n## satchel%s\n\n```text\n%s\n```\n' "${*:+ $*}" "$help"
    sed -n '/^SUBCOMMANDS:/,/^$/p' <<<"$help" | sed -nE 's/^  ([a-z][a-z-]*)( .*)?$/\1/p' | while read -r name; do
        describe "$@" "$name" </dev/null
    done
}

{
    printf '# Commands\n\nWritten by `scripts/docs.sh` from the help texts; edit those.\n'
    describe
} >docs/commands.md.new
mv docs/commands.md.new docs/commands.md
