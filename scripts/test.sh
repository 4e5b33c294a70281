#!/usr/bin/env bash
# Builds and runs all tests. What stands behind the command goes to the runner, such as --filter Configuration.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

prepare "${test_packages[@]}"
cd "$root"

say "building with tests"
# The check keeps the layout: no target may import what its line in Package.swift does not name.
swift build --build-tests --explicit-target-dependency-import-check error --quiet

say "testing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
# All tests at once would queue behind each other on two cores until their time-outs end them: some block a thread.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-6}
# There are no XCTest tests, and its empty run would read as "0 tests executed".
swift test --skip-build --disable-xctest "$@" 2>&1 | tee "$log" || status=$?

# Again at the end, where it is found: what failed, out of thousands of lines.
[ "$status" -eq 0 ] || grep -E '✘ .* recorded an issue|Fatal error' "$log" || true

grep -E 'Test run with [0-9]+ tests?.* (passed|failed)' "$log" | tail -n 1 || echo "the tests did not come to an end"
exit "$status"
