#!/usr/bin/env bash
# Runs satchel against OGX, a Files API and Responses server that nobody of this project wrote, before a model that
# answers with the digests of the files it was given. See README.md beside this file.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

say() { printf '\n== %s\n' "$*"; }

die() {
    printf 'interop: %s\n' "$*" >&2
    exit 1
}

servers=${SATCHEL_SERVERS:?interop: set SATCHEL_SERVERS to the folder with up.sh and echo.sh}
for script in up.sh echo.sh; do
    [ -f "$servers/$script" ] || die "$servers has no $script"
done
packages=${SATCHEL_INTEROP_PACKAGES:-${XDG_CACHE_HOME:-$HOME/.cache}/satchel-interop}
binary=${SATCHEL_BINARY:-}
if [ -z "$binary" ]; then
    say "building satchel"
    swift build --package-path "$root" --product satchel --quiet
    binary=$(swift build --package-path "$root" --product satchel --show-bin-path)/satchel
fi

scratch=$(mktemp -d)
workspace=$scratch/workspace
mkdir "$workspace" "$scratch/home"

# Ends the servers that a start left its numbers of, and waits until their ports are free again.
stop_servers() {
    local file pid
    for file in "$packages"/logs/*.pid; do
        [ -f "$file" ] || continue
        pid=$(cat "$file")
        rm -f "$file"
        kill "$pid" 2>/dev/null || continue
        for _ in $(seq 50); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null || true
    done
}

finish() {
    local status=$?
    stop_servers
    if [ $status -ne 0 ] && [ -f "$packages/logs/echo-ogx.log" ]; then
        echo "log of OGX: $packages/logs/echo-ogx.log" >&2
    fi
    if [ -n "${SATCHEL_KEEP_TEST_DIRS:-}" ]; then echo "kept: $scratch" >&2; else rm -rf "$scratch"; fi
    exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

# Prints as many free ports as asked for, all different.
free_ports() {
    python3 - "$1" <<'PY'
import socket, sys
open_sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*[s.getsockname()[1] for s in open_sockets])
PY
}

if [ ! -x "$packages/v/bin/ogx" ]; then
    say "installing the servers into $packages (once, about 600 MB)"
    # shellcheck disable=SC2046
    bash "$servers/up.sh" "$packages" $(free_ports 4)
    stop_servers
fi

say "starting OGX before the echo model"
read -r port echo_port embed_port < <(free_ports 3)
bash "$servers/echo.sh" "$packages" "$port" "$echo_port" "$embed_port"
url=http://127.0.0.1:$port/v1

# satchel in the workspace, with nothing of the real user around it.
satchel() {
    (cd "$workspace" && env -i PATH="$PATH" HOME="$scratch/home" LANG=C.UTF-8 SWIFT_BACKTRACE=enable=no \
        "$binary" "$@" </dev/null)
}

# Checks with Python what JSON says: `check WHAT EXPRESSION FILE…`, where the documents are a, b, ….
check() {
    python3 - "$@" <<'PY'
import json, sys
what, expression, *files = sys.argv[1:]
documents = dict(zip("abc", (json.load(open(f)) for f in files)))
def shown(chat):
    """What the model was given: (bytes, sha256) of each file part."""
    return {tuple(line.split(":")[-2:]) for line in chat["answer"].split("\n") if line.startswith("file:")}
def kept(ls, *paths):
    """What satchel says of these paths, as shown() has it."""
    return {(str(f["size"]), f["sha256"]) for f in ls["files"] if not paths or f["path"] in paths}
def copies(ls, *paths):
    return {r["remote_id"] for f in ls["files"] if not paths or f["path"] in paths for r in f["remotes"]}
if not eval(expression, dict(documents, shown=shown, kept=kept, copies=copies)):
    print(f"FAILED {what}\n  {expression}", file=sys.stderr)
    for name, document in documents.items():
        print(f"  {name} = {json.dumps(document, ensure_ascii=False)[:2000]}", file=sys.stderr)
    sys.exit(1)
print(f"ok      {what}")
PY
}

# The digest of a copy as the server has it.
stored_digest() { curl -sf "$url/files/$1/content" | sha256sum | cut -d ' ' -f 1; }

cd "$scratch"
mkdir -p "$workspace/src" "$workspace/notes"
printf 'print("hello")\n' >"$workspace/src/main.swift"
printf 'all:\n\tswift build\n' >"$workspace/src/Makefile"
printf '# Tides\n\nThe code word is heron-42.\n' >"$workspace/notes/tides.md"
cp "$workspace/notes/tides.md" "$workspace/notes/copy.md"
printf 'gr\303\274\303\237e\r\n' >"$workspace/notes/"$'na\303\257ve name.txt'
seq 200000 >"$workspace/notes/large.csv"

say "init, sync, ls"
satchel init
cat >"$workspace/satchel.yaml" <<YAML
accounts:
  ogx:
    kind: openai-compatible
    base_url: $url
    model: fake/echo
default_account: ogx
exclude: [satchel.yaml]
YAML
satchel sync --json >first.json
check "the first sync uploads each content once" "a['ok'] and a['summary']['uploaded'] == 5 and a['summary']['failed'] == 0" first.json
satchel sync --json >second.json
check "the second sync uploads nothing" "a['summary']['uploaded'] == 0 and a['summary']['unchanged'] == 6" second.json
satchel ls --json >ls.json
check "every file has its copy, equal bytes the same one" "len(a['files']) == 6 and len(copies(a)) == 5" ls.json
python3 -c 'import json
for f in json.load(open("ls.json"))["files"]: print(f["remotes"][0]["remote_id"], f["sha256"])' >copies.txt
while read -r id digest; do
    [ "$(stored_digest "$id")" = "$digest" ] || die "FAILED the bytes of $id on the server are not those of the workspace"
done <copies.txt
echo "ok      the server holds the bytes of the workspace"

say "chat"
satchel chat --json "what is in @src/ and @notes/ ?" >chat.json
check "the model is given exactly the files that were meant" "shown(a) == kept(b)" chat.json ls.json
satchel chat "once more @notes/tides.md" >chat.txt
grep -q "^file:.*:$(sha256sum <"$workspace/notes/tides.md" | cut -d ' ' -f 1)" chat.txt || die "FAILED the answer that is streamed"
echo "ok      an answer streams"

printf 'print("edited")\n' >"$workspace/src/main.swift"
satchel chat --json "and now @src/main.swift ?" >edited.json
satchel ls --json >ls.json
check "an edit reaches the model" "shown(a) == kept(b, 'src/main.swift')" edited.json ls.json
[ "$(sha256sum <"$workspace/src/main.swift" | cut -d ' ' -f 1)" = "$(python3 -c 'import json
print(next(f["sha256"] for f in json.load(open("ls.json"))["files"] if f["path"] == "src/main.swift"))')" ] ||
    die "FAILED ls after the edit"

satchel chat -c --json "and what was that?" >continued.json
check "a thread goes on with its files" "shown(a) == kept(b, 'src/main.swift')" continued.json ls.json

say "versions"
printf '%%PDF-1.7 first\n' >"$workspace/paper.pdf"
satchel sync --json >/dev/null
satchel ls --json >first-ls.json
satchel chat --json "look at @paper.pdf" >looked.json
check "a document reaches the model" "shown(a) == kept(b, 'paper.pdf')" looked.json first-ls.json
printf '%%PDF-1.7 second\n' >"$workspace/paper.pdf"
satchel chat -c --pin --json "look again" >pinned.json
check "a thread that pins gives the model the bytes it began with" "shown(a) == kept(b, 'paper.pdf')" pinned.json first-ls.json
satchel chat -c --pin --json "and at @paper.pdf" >pinned.json
check "also where the file is named again" "shown(a) == kept(b, 'paper.pdf')" pinned.json first-ls.json
pinned=$(python3 -c 'import json
print(next(f["remotes"][0]["remote_id"] for f in json.load(open("first-ls.json"))["files"] if f["path"] == "paper.pdf"))')
curl -sf -X DELETE "$url/files/$pinned" >/dev/null
satchel chat -c --pin --json "and when its copy is gone?" >pinned.json
check "and where its copy is gone: the bytes are kept" "shown(a) == kept(b, 'paper.pdf')" pinned.json first-ls.json
satchel chat -c --follow --json "and now?" >followed.json
satchel ls --json >ls.json
check "a thread that follows gives it the new bytes beside the old" \
    "shown(a) == kept(b, 'paper.pdf') | kept(c, 'paper.pdf') and kept(b, 'paper.pdf') != kept(c, 'paper.pdf')" \
    followed.json first-ls.json ls.json

say "a copy vanishes behind satchel's back"
gone=$(python3 -c 'import json
print(next(f["remotes"][0]["remote_id"] for f in json.load(open("ls.json"))["files"] if f["path"] == "src/Makefile"))')
curl -sf -X DELETE "$url/files/$gone" >/dev/null
satchel chat --json "still there? @src/Makefile" >rehydrated.json
satchel ls --json >ls.json
check "it is uploaded again and shown" "shown(a) == kept(b, 'src/Makefile') and '$gone' not in copies(b)" rehydrated.json ls.json

say "cleanup"
python3 -c 'import json
for f in json.load(open("ls.json"))["files"]: print(f["remotes"][0]["remote_id"])' | sort -u >ids.txt
satchel cleanup --all --force --older-than 0
while read -r id; do
    status=$(curl -s -o /dev/null -w '%{http_code}' "$url/files/$id")
    [ "$status" = 404 ] || die "FAILED $id is still on the server ($status)"
done <ids.txt
echo "ok      nothing of ours is left on the server"

say "a small real model"
stop_servers
# shellcheck disable=SC2046
bash "$servers/up.sh" "$packages" $(free_ports 4) | tee up.txt
url=$(sed -n 's/^up: \([^ ]*\) .*/\1/p' up.txt)
sed -i -e "s|base_url: .*|base_url: $url|" -e "s|model: .*|model: $(sed -n 's/^up: .* model //p' up.txt)|" \
    "$workspace/satchel.yaml"
# What it says is its own affair; that it comes piece by piece is ours.
satchel chat -o max_output_tokens=40 "Tell me about the sea. @notes/tides.md" 2>small.err |
    python3 -c 'import os, sys
pieces = []
while piece := os.read(0, 65536): pieces.append(piece)
text = b"".join(pieces).decode()
if len(pieces) < 3 or not text.strip(): sys.exit(f"FAILED an answer streams: {pieces}")
print(f"ok      an answer of {len(text)} characters streams, in {len(pieces)} pieces")' || { cat small.err >&2; exit 1; }

say "interop: all checks passed"
