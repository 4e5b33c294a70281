#!/usr/bin/env python3
"""Measures how often the files that a commit touched are among those that satchel chooses for the commit's subject.

    swift build -c release --product satchel --static-swift-stdlib
    Benchmarks/auto.py --trees DIR [--satchel PATH] [--show-misses]

auto-questions.json names repositories, releases, commits, their subjects and the source files that they touched. DIR has
the release that each fix was made for, unpacked: `curl-7.88.1`, `redis-7.0.15` and so on, as in RELEASES below; those
that are missing are left out, and said so. Beside satchel: counting the words as `grep -c` does, and chance.

Subjects often begin with the name of a component (`hostip: add locks …`), which helps whoever looks at paths: the table
has a row for the subjects as they are, and one without that beginning.
"""
import argparse, json, os, random, re, shutil, subprocess, sys, tempfile

from measure import HERE, SATCHEL, environment

RELEASES = {
    "https://github.com/curl/curl": "curl-7.88.1",
    "https://github.com/redis/redis": "redis-7.0.15",
    "https://github.com/openssh/openssh-portable": "openssh-9.2p1",
    "https://github.com/rails/rails": "rails-6.1.7.10",
    "https://github.com/systemd/systemd": "systemd-stable-252.39",
}
COMMON = set(
    "a about an and any are as at be by can do does for from give had has have how if in into is it its no not of on or "
    "so some that the them then there these they this to us was we were what when where which who why will with you"
    .split()
)


def run(satchel, tree, env, *arguments):
    result = subprocess.run([satchel, *arguments], cwd=tree, env=env, capture_output=True)
    if result.returncode != 0:
        sys.exit(f"satchel {' '.join(arguments)}: {result.stderr.decode(errors='replace')}")
    return result.stdout


def texts(tree, paths):
    """The files that satchel chooses from, in lower case."""
    return {path: open(f"{tree}/{path}", errors="replace").read().lower() for path in paths}


def by_grep(files, question):
    """Files with the most lines that have any of the words, as `grep -c -i -e WORD -e WORD` counts them."""
    words = {word for word in re.findall(r"\w+", question.lower()) if word not in COMMON and len(word) > 2}
    if not words:
        return []
    pattern = re.compile("|".join(map(re.escape, sorted(words))))
    counts = {path: sum(1 for line in text.split("\n") if pattern.search(line)) for path, text in files.items()}
    return sorted(counts, key=lambda path: (-counts[path], path))[:10]


def by_words(files, question):
    """Files that have the most of the words, then those that have them most often."""
    words = {word for word in re.findall(r"\w+", question.lower()) if word not in COMMON and len(word) > 2}
    rank = {path: (sum(word in text for word in words), sum(map(text.count, words))) for path, text in files.items()}
    return sorted(rank, key=lambda path: (rank[path], path), reverse=True)[:10]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--satchel", default=SATCHEL)
    parser.add_argument("--trees", required=True)
    parser.add_argument("--show-misses", action="store_true")
    options = parser.parse_args()
    satchel = os.path.abspath(options.satchel)
    questions = json.load(open(f"{HERE}/auto-questions.json"))
    work = tempfile.mkdtemp(prefix="satchel-auto-")
    env = environment(work, LC_ALL="C.UTF-8")
    numbers = random.Random(11)
    asked = 0
    hits = {}

    def count(kind, way, files, found):
        for most in (5, 10):
            key = (kind, way, most)
            hits[key] = hits.get(key, 0) + bool(set(files) & set(found[:most]))

    for repository, release in RELEASES.items():
        source = f"{options.trees}/{release}"
        mine = [one for one in questions if one["repository"] == repository]
        if not os.path.isdir(source):
            print(f"{release}: not there, its {len(mine)} questions are left out", file=sys.stderr)
            continue
        tree = f"{work}/{release}"
        shutil.copytree(source, tree, symlinks=True)
        run(satchel, tree, env, "init", "-q")
        os.remove(f"{tree}/satchel.yaml")
        run(satchel, tree, env, "sync", "-q")
        paths = [file["path"] for file in json.loads(run(satchel, tree, env, "ls", "--json"))["files"]]
        files = texts(tree, [path for path in paths if os.path.exists(f"{tree}/{path}") and b"\0" not in open(f"{tree}/{path}", "rb").read(8000)])
        print(f"{release}: {len(files)} files, {len(mine)} questions", file=sys.stderr)
        asked += len(mine)
        for one in mine:
            whole = one["subject"]
            for kind, text in (("as it is", whole), ("without its component", re.sub(r"^[\w./()-]+: ", "", whole))):
                answer = json.loads(run(satchel, tree, env, "search", "--list", "--json", "--limit", "10", text))
                found = [file["path"] for file in answer["files"]]
                count(kind, "satchel", one["files"], found)
                count(kind, "lines counted", one["files"], by_grep(files, text))
                count(kind, "words counted", one["files"], by_words(files, text))
                count(kind, "chance", one["files"], numbers.sample(sorted(files), 10))
                if options.show_misses and not set(one["files"]) & set(found):
                    print(f"  {text!r}: {one['files'][:2]}, found {found[:4]}", file=sys.stderr)
    print(f"| {asked} questions | | satchel | `grep -c` | words, then counts | chance |")
    print("| --- | --- | --- | --- | --- | --- |")
    for kind in ("as it is", "without its component"):
        for most in (5, 10):
            ways = ("satchel", "lines counted", "words counted", "chance")
            row = " | ".join(f"{hits[kind, way, most] * 100 // asked} %" for way in ways)
            print(f"| subject {kind} | in the first {most} | {row} |")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
