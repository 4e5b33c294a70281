#!/usr/bin/env python3
"""Measures `satchel watch` beside inotifywait, watchman and watchfiles, in one run, and prints Markdown tables.

    swift build -c release --product satchel --static-swift-stdlib
    Benchmarks/watch.py [--satchel PATH] [--python PYTHON_WITH_WATCHFILES] [--runs N] [--only NAME,...]

A tool that is not installed is left out, and said so. Ready is when every folder has its kernel watch, seen from
outside (/proc/PID/fdinfo), for all alike. Such a look takes the kernel as long as many new watches do, and keeps them
waiting: the tool is stopped for it, and the time of the look is taken off. satchel has synced the tree before, and ends
its start with a look at it.
Everything happens in a temporary folder and on 127.0.0.1.
"""
import argparse, json, os, shutil, signal, statistics, subprocess, sys, tempfile, threading, time

import loopback
from measure import SATCHEL, cpu, environment, idle_share, memory

WATCHFILES = """
import sys, watchfiles
for changes in watchfiles.watch(sys.argv[1]):
    for _, path in changes: print(path, flush=True)
"""


def state(pid, task):
    """The letter of a thread's state, as R for one that runs; X for one that is gone."""
    try:
        return open(f"/proc/{pid}/task/{task}/stat").read().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def watches(pid):
    total = 0
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            if os.readlink(f"/proc/{pid}/fd/{name}") == "anon_inode:inotify":
                total += open(f"/proc/{pid}/fdinfo/{name}").read().count("inotify wd:")
    except OSError:
        pass
    return total


def make_tree(root, folders):
    """Folders three deep with a file each; few contents, so that a sync of it is quick."""
    made = 1
    os.makedirs(root)
    for top in range(folders):
        for middle in range(20):
            for low in range(20):
                if made >= folders:
                    return
                path = f"{root}/t{top}/m{middle}/l{low}"
                made += 1 + (low == 0) + (low == 0 and middle == 0)
                os.makedirs(path)
                with open(f"{path}/file.txt", "w") as file:
                    file.write(f"content {low}\n")


class Tool:
    """One watcher at work on `tree`."""

    def __init__(self, name, options, tree, work):
        self.name, self.options, self.tree, self.work = name, options, tree, work
        self.folders = sum(1 for _ in os.walk(tree)) - (sum(1 for _ in os.walk(f"{tree}/.satchel")))
        self.server = None
        self.lines = []

    def start(self):
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        self.begun = time.monotonic()
        if self.name == "satchel":
            self.process = subprocess.Popen([self.options.satchel, "watch", "--to", "openai"], cwd=self.tree,
                                            env=self.options.env, **quiet)
        elif self.name == "inotifywait":
            command = ["inotifywait", "-m", "-r", "-q", "-e", "close_write,modify,attrib,move,create,delete",
                       "--exclude", r"/\.satchel", self.tree]
            self.process = subprocess.Popen(command, **quiet)
        elif self.name == "watchfiles":
            self.process = subprocess.Popen([self.options.python, "-c", WATCHFILES, self.tree], **quiet)
        else:
            home = tempfile.mkdtemp(dir=self.work)
            self.socket = f"{home}/sock"
            self.process = subprocess.Popen(["watchman", "-f", "-U", self.socket, "-o", f"{home}/log",
                                             f"--statefile={home}/state"], env={**os.environ, "HOME": home,
                                            "TMPDIR": home, "USER": "bench"}, stdin=subprocess.DEVNULL, **quiet)
            while not os.path.exists(self.socket):
                time.sleep(0.01)
            self.begun = time.monotonic()
            subprocess.run(["watchman", "-U", self.socket, "--no-spawn", "watch", self.tree], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        threading.Thread(target=self.read, daemon=True).start()
        return self

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def ready(self):
        """(wall seconds until all watches are there, CPU seconds, peak MiB)"""
        stopped_for = 0.0
        while True:
            if self.process.poll() is not None:
                return None
            self.process.send_signal(signal.SIGSTOP)
            stopped = time.monotonic()
            running = stopped - self.begun - stopped_for
            while any(state(self.process.pid, task) in "RD" for task in os.listdir(f"/proc/{self.process.pid}/task")):
                pass
            are_there = watches(self.process.pid) >= self.folders
            used, most = cpu(self.process.pid), memory(self.process.pid, "VmHWM")
            self.process.send_signal(signal.SIGCONT)
            stopped_for += time.monotonic() - stopped
            if are_there:
                return running, used, most
            if running > 60:
                return None
            time.sleep(max(0.002, running / 50))

    def wait_for_line(self, text, limit=120):
        end = time.monotonic() + limit
        while not any(text in line for line in list(self.lines)):
            if time.monotonic() > end:
                sys.exit(f"{self.name}: no line with {text}")
            time.sleep(0.005)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def prepare(options, work, folders):
    tree, home = f"{work}/tree{folders}", f"{work}/home{folders}"
    os.makedirs(home)
    make_tree(tree, folders)
    options.server = loopback.Server()
    options.env = environment(home, OPENAI_API_KEY="sk-benchmark-benchmark", OPENAI_BASE_URL=options.server.base)
    subprocess.run([options.satchel, "init", "-q"], cwd=tree, env=options.env, check=True)
    subprocess.run([options.satchel, "sync", "-q", "--to", "openai"], cwd=tree, env=options.env, check=True)
    return tree


def tools(options):
    names = ["satchel"]
    for name in ("inotifywait", "watchman"):
        names.append(name) if shutil.which(name) else print(f"{name} is not installed: left out", file=sys.stderr)
    if subprocess.run([options.python, "-c", "import watchfiles"], stderr=subprocess.DEVNULL).returncode == 0:
        names.append("watchfiles")
    else:
        print("watchfiles is not installed: left out", file=sys.stderr)
    return names


def starting(options, work):
    print("| folders | tool | ready | CPU to there | peak memory | idle CPU |\n| --- | --- | --- | --- | --- | --- |")
    for folders in (2_000, 20_000):
        tree = prepare(options, work, folders)
        rows = {name: [] for name in tools(options)}
        idle = {}
        for run in range(options.runs):
            for name in rows:
                tool = Tool(name, options, tree, work).start()
                rows[name].append(tool.ready())
                if run == 0:
                    if name == "satchel":
                        tool.wait_for_line("Ctrl-C stops")
                    idle[name] = idle_share(tool.process.pid, options.idle)
                tool.end()
        for name, all_runs in rows.items():
            runs = [row for row in all_runs if row]
            if not runs:
                print(f"| {folders:,} | {name} | not ready within 60 s | – | – | {idle.get(name, 0):.3f} % |")
                continue
            wall, used, memory = (statistics.median(row[index] for row in runs) for index in range(3))
            ratio = ""
            if name == "satchel" and "inotifywait" in rows:
                pairs = [a[1] / b[1] for a, b in zip(rows["satchel"], rows["inotifywait"]) if a and b]
                ratio = f" ({statistics.median(pairs):.2f}× inotifywait)"
            print(f"| {folders:,} | {name} | {wall:.2f} s | {used:.2f} s{ratio} | {memory:.0f} MiB | {idle[name]:.3f} % |")


def saving(options, work):
    """Each save is another file, so that the back-off for files that keep changing has no part in it."""
    tree = prepare(options, work, 2_001)
    tool = Tool("satchel", options, tree, work).start()
    tool.wait_for_line("Ctrl-C stops")
    store, delays = options.server.store, []
    for number in range(100):
        with store.lock:
            before = len(store.uploads)
        saved = time.monotonic()
        with open(f"{tree}/t0/m0/l{number % 20}/saved{number}.txt", "w") as file:
            file.write(f"save {number}\n")
        with store.lock:
            if not store.lock.wait_for(lambda: len(store.uploads) > before, timeout=60):
                sys.exit("a save was not uploaded")
            delays.append((store.uploads[before][0] - saved) * 1000 - 250)
    delays.sort()
    print(f"\nSave to upload request, beyond the settle time of 250 ms, 100 saves: {statistics.median(delays):.1f} ms "
          f"(median), {delays[90]:.1f} ms (nine of ten).\n")
    uploaded = len(store.uploads)
    for number in range(1000):
        with open(f"{tree}/t0/m{number % 19}/l{number % 20}/thousand{number}.txt", "w") as file:
            file.write(f"one of a thousand, {number}\n")
        time.sleep(0.005)
    with store.lock:
        store.lock.wait_for(lambda: len(store.uploads) >= uploaded + 1000, timeout=120)
        missed = uploaded + 1000 - len(store.uploads)
    print(f"Missed of 1,000 saves, 5 ms apart: {missed}.\n")
    tool.end()


def storm(options, work):
    """100,000 files overwritten at once, by one process, as fast as it goes."""
    tree = prepare(options, work, 2_002)
    folders = [path for path, names, files in os.walk(tree) if files and ".satchel" not in path]
    per = 100_000 // len(folders) + 1
    names = [f"{folder}/storm{index}.txt" for folder in folders for index in range(per)][:100_000]
    for name in names:
        with open(name, "w") as file:
            file.write("before\n")
    subprocess.run([options.satchel, "sync", "-q", "--to", "openai"], cwd=tree, env=options.env, check=True)
    tool = Tool("satchel", options, tree, work).start()
    tool.wait_for_line("Ctrl-C stops")

    def status():
        result = subprocess.run([options.satchel, "status", "--json"], cwd=tree, env=options.env, capture_output=True)
        return json.loads(result.stdout)["watch"]

    def used_by_threads():
        tasks = f"/proc/{tool.process.pid}/task"
        return {task: int(open(f"{tasks}/{task}/schedstat").read().split()[0]) / 1e9 for task in os.listdir(tasks)}

    # The watching thread is the one that sleeps in poll(2) and nowhere else.
    sleeping = [task for task in used_by_threads()
                if open(f"/proc/{tool.process.pid}/task/{task}/syscall").read().split()[0] == "7"]
    before, used = status(), used_by_threads()
    started = time.monotonic()
    for index, name in enumerate(names):
        with open(name, "w") as file:
            file.write(f"after {index % 50}\n")
    written = time.monotonic() - started
    while True:
        listed = subprocess.run([options.satchel, "ls", "--json"], cwd=tree, env=options.env, capture_output=True)
        files = {file["path"]: file["state"] for file in json.loads(listed.stdout)["files"] if "storm" in file["path"]}
        now = status()
        if now["settled"] and len(files) == len(names) and all(state == "in_step" for state in files.values()):
            break
        if time.monotonic() - started > 300:
            sys.exit("the storm was not followed")
        time.sleep(0.5)
    events, after = now["events"] - before["events"], used_by_threads()
    spent = max(after[task] - used[task] for task in sleeping if task in after)
    print(f"100,000 files overwritten in {written:.1f} s: {events:,} events, {now['overflows'] - before['overflows']} "
          f"overflows; the watching thread needed {spent:.2f} s, {spent / events * 1e6:.1f} µs an event; "
          f"in step {time.monotonic() - started:.0f} s after the first write.\n")
    tool.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--satchel", default=SATCHEL)
    parser.add_argument("--python", default=sys.executable, help="a Python with watchfiles")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--idle", type=float, default=20, help="seconds of idling that are measured")
    parser.add_argument("--only", default="starting,saving,storm")
    options = parser.parse_args()
    options.satchel = os.path.abspath(options.satchel)
    with tempfile.TemporaryDirectory(prefix="satchel-bench-") as work:
        for name in options.only.split(","):
            os.makedirs(f"{work}/{name}")
            globals()[name](options, f"{work}/{name}")


if __name__ == "__main__":
    main()
