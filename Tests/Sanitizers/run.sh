#!/usr/bin/env bash
# Builds everything with a sanitizer and runs the tests: run.sh thread|address [OPTIONS OF swift test...].
# Exits with 1 when a test fails or the sanitizer reports anything that suppressions.txt does not explain.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
kind=${1:?thread or address}
shift
scratch=${SATCHEL_SANITIZED:-${TMPDIR:-/tmp}/satchel-$kind}
mkdir -p "$scratch"
# Some tests run the program as another user, whose reports go there too.
chmod 1777 "$scratch"
rm -f "$scratch"/report.*
export SWIFT_BACKTRACE=enable=no
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-4}

cd "$root"
swift build --build-tests --sanitize="$kind" --scratch-path "$scratch" --quiet
preload=()
if [ "$kind" = thread ]; then
    # clang of the Swift toolchain: it knows Swift's calling convention.
    clang -O1 -shared -fPIC -o "$scratch/mutex.so" "$here/mutex.c"
    preload=("LD_PRELOAD=$scratch/mutex.so")
    export TSAN_OPTIONS="log_path=$scratch/report halt_on_error=0 suppressions=$here/suppressions.txt"
else
    # What a process still holds when it ends is no leak here: Swift's runtime keeps its metadata.
    export ASAN_OPTIONS="log_path=$scratch/report detect_leaks=0"
fi
status=0
env "${preload[@]}" swift test --skip-build --disable-xctest --sanitize="$kind" --scratch-path "$scratch" "$@" || status=1
if compgen -G "$scratch/report.*" >/dev/null; then
    grep -h SUMMARY "$scratch"/report.* | sort | uniq -c
    status=1
fi
exit $status
