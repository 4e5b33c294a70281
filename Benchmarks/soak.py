#!/usr/bin/env python3
"""Works in a workspace at random while `satchel watch` runs, and looks whether it misses anything.

    swift build -c release --product satchel --static-swift-stdlib
    Benchmarks/soak.py                      ten minutes of 50 operations a second, with bursts while the watch is stopped
    Benchmarks/soak.py --minutes 60
    Benchmarks/soak.py --seeds 50           50 workspaces with 400 operations each, as fast as they go
    Benchmarks/soak.py --seeds 1 --seed 17  one of them again

At rest, disk = `satchel ls` = account must hold, without anybody but the watch having looked: a difference that stays
for 60 seconds is a miss, is printed, and ends the run with status 1. The provider is a small server on 127.0.0.1.
Memory is taken at rest: what the process made itself (RssAnon); how much of the mapped program and libraries is counted
with it (VmRSS) is up to the kernel's read-ahead.
"""
import argparse, functools, hashlib, json, os, random, shutil, signal, statistics, subprocess, sys, tempfile, threading, time

import loopback
from measure import SATCHEL, environment, memory

print = functools.partial(print, flush=True)

# OpenAI takes no empty file: it is listed, and nothing stands for it in the account.
EMPTY = hashlib.sha256(b"").hexdigest()

NAMES = ["a", "b", "c", "d", "e.txt", "f.txt", "g.txt", "h.txt", "ignored"]


class Vandal:
    """Random changes below `root`; what cannot be done is not done."""

    def __init__(self, root, outside, seed):
        self.root, self.outside, self.random, self.done = root, outside, random.Random(seed), 0

    def place(self):
        depth = self.random.choice([1, 1, 2, 2, 3, 4])
        return os.path.join(self.root, *(self.random.choice(NAMES) for _ in range(depth)))

    def text(self):
        self.done += 1
        # Some contents come back, most are new; a few are large enough to be sent in pieces.
        if self.random.random() < 0.2:
            return f"common {self.random.randrange(20)}\n"
        return f"{self.done} {self.random.random()}\n" * self.random.choice([1, 1, 1, 10, 100, 4000])

    def write(self, path, mode="w"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # Not to wait for a reader where a FIFO stands.
        with open(path, mode, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK, 0o644)) as file:
            file.write(self.text())

    def act(self):
        path, other = self.place(), self.place()
        try:
            self.choose(path, other)
        except (OSError, shutil.Error, ValueError):
            pass

    def choose(self, path, other):
        kind = self.random.randrange(24)
        if kind < 6:
            self.write(path)
        elif kind == 6:
            self.write(path, "a")
        elif kind == 7:
            self.write(path + "~tmp")
            os.rename(path + "~tmp", path)
        elif kind == 8:
            os.rename(path, path + "~")
            self.write(path)
            os.unlink(path + "~")
        elif kind == 9:
            os.unlink(path)
            self.write(path)
        elif kind == 10:
            os.truncate(path, min(os.path.getsize(path), self.random.randrange(20)))
        elif kind in (11, 12, 13):
            os.makedirs(os.path.dirname(other), exist_ok=True)
            os.rename(path, other)
        elif kind == 14:
            os.unlink(path)
        elif kind == 15:
            # rmtree would wait for a writer where a FIFO stands.
            if os.path.isdir(path):
                shutil.rmtree(path)
        elif kind == 16:
            os.makedirs(path, exist_ok=True)
            for name in ("x", "y", "z"):
                self.write(f"{path}/deep/{name}/{name}.txt")
        elif kind == 17:
            os.rename(path, f"{self.outside}/{self.random.randrange(3)}")
        elif kind == 18:
            os.rename(f"{self.outside}/{self.random.randrange(3)}", path)
        elif kind == 19:
            os.link(path, other)
        elif kind == 20:
            os.rename(path, path + ".swap")
            os.rename(other, path)
            os.rename(path + ".swap", other)
        elif kind == 21:
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)
            self.random.choice([lambda: os.symlink(self.outside, path), lambda: os.mkfifo(path),
                                lambda: self.write(f"{path}/now-a-folder.txt")])()
        elif kind == 22:
            os.chmod(path, self.random.choice([0o644, 0o755, 0o600]) | (0o700 if os.path.isdir(path) else 0))
        else:
            with open(path, "r+b", buffering=0) as file:
                file.write(b"in place")

    def burst(self, files):
        """More events than the kernel keeps, where folders were watched before."""
        folder = f"{self.root}/burst{self.random.randrange(3)}"
        os.makedirs(folder, exist_ok=True)
        for index in range(files):
            with open(f"{folder}/{index}.txt", "w") as file:
                file.write(f"common {index % 40}\n")
        if self.random.random() < 0.7:
            shutil.rmtree(folder)


class Watch:
    def __init__(self, satchel, work, settings):
        self.satchel, self.server = satchel, loopback.Server()
        self.root, self.outside, home = f"{work}/ws", f"{work}/outside", f"{work}/home"
        for folder in (self.root, self.outside, home):
            os.makedirs(folder)
        self.env = environment(home, OPENAI_API_KEY="sk-soak-soak-soak", OPENAI_BASE_URL=self.server.base,
                               LC_ALL="C.UTF-8", SATCHEL_WATCH_RESCAN="0s", **settings)
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
            self.env[name] = f"{home}/{name.lower()}"
            os.makedirs(self.env[name], mode=0o700)
        self.run("init", "-q")
        os.unlink(f"{self.root}/satchel.yaml")
        with open(f"{self.root}/.satchelignore", "w") as file:
            file.write("ignored/\n*~\n*~tmp\n")
        with open(f"{self.root}/anchor.txt", "w") as file:
            file.write("never removed, so that the folder is never empty\n")
        self.errors = open(f"{work}/errors", "w+")
        self.process = subprocess.Popen([satchel, "watch", "--to", "openai"], cwd=self.root, env=self.env,
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True)
        for line in self.process.stdout:
            if "Ctrl-C stops" in line:
                break
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.lines = 0
        self.reader.start()

    def read(self):
        for _ in self.process.stdout:
            self.lines += 1

    def run(self, *arguments, check=True):
        result = subprocess.run([self.satchel, *arguments], cwd=self.root, env=self.env, capture_output=True, text=True)
        if check and result.returncode != 0:
            sys.exit(f"{arguments}: status {result.returncode}\n{result.stdout}{result.stderr}")
        return result

    def stop_still(self):
        os.kill(self.process.pid, signal.SIGSTOP)
        while True:
            tasks = os.listdir(f"/proc/{self.process.pid}/task")
            stats = [open(f"/proc/{self.process.pid}/task/{task}/stat").read() for task in tasks]
            if all(stat.rsplit(")", 1)[1].split()[0] == "T" for stat in stats):
                return
            time.sleep(0.002)

    def go_on(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def disk(self):
        found, folders, hidden = {}, 1, 0
        for folder, names, files in os.walk(self.root):
            names[:] = [name for name in names if name not in (".satchel", "ignored")
                        and not name.endswith(("~", "~tmp")) and not os.path.islink(f"{folder}/{name}")]
            folders += len(names)
            for name in files:
                path = f"{folder}/{name}"
                ignored = name.endswith(("~", "~tmp")) or name.startswith(".")
                if not ignored and os.path.isfile(path) and not os.path.islink(path):
                    found[os.path.relpath(path, self.root)] = hashlib.sha256(open(path, "rb").read()).hexdigest()
        return found, folders

    def differences(self):
        disk, _ = self.disk()
        listed = {file["path"]: file["sha256"] for file in json.loads(self.run("ls", "--json").stdout)["files"]}
        held = set(self.server.store.contents())
        wrong = [f"{path}: on the disk {disk.get(path, 'no')[:8]}, listed {listed.get(path, 'no')[:8]}"
                 for path in sorted(disk.keys() | listed.keys()) if disk.get(path) != listed.get(path)]
        return wrong + [f"{path}: not in the account" for path, digest in sorted(disk.items())
                        if digest not in held and digest != EMPTY]

    def expect_in_step(self, limit=60):
        """Seconds until disk = list = account and watches = folders; the differences when that does not come."""
        started = time.monotonic()
        while True:
            if self.process.poll() is not None:
                self.errors.seek(0)
                return None, [f"the watch ended with {self.process.returncode}: {self.errors.read()[-2000:]}"]
            wrong = self.differences()
            if not wrong:
                watches = json.loads(self.run("status", "--json").stdout)["watch"].get("watches")
                folders = self.disk()[1]
                wrong = [] if watches == folders else [f"{watches} watches on {folders} folders"]
            if not wrong:
                return time.monotonic() - started, []
            if time.monotonic() - started > limit:
                return None, wrong
            time.sleep(0.05)

    def memory(self, which):
        return memory(self.process.pid, which) if self.process.poll() is None else 0

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def end(self):
        """The exit status, what was said on standard error, and what a last clean-up leaves in the account."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=60)
        self.run("cleanup", "--orphans", "--older-than", "0", "--yes", check=False)
        self.errors.seek(0)
        left = sorted(set(self.disk()[0].values()) - {EMPTY}) == self.server.store.contents()
        self.server.shutdown()
        return status, self.errors.read(), left


def slope(samples):
    """MiB per minute over the second half, when buffers have found their size."""
    half = [sample for sample in samples if sample[0] > samples[-1][0] / 2]
    if len(half) < 3:
        return 0
    return statistics.linear_regression([at / 60 for at, _ in half], [value for _, value in half]).slope


def soak(options, work):
    watch = Watch(options.satchel, work, {})
    vandal = Vandal(watch.root, watch.outside, options.seed)
    memory, peak, descriptors, waits, misses, bursts = [], 0, [], [], [], 0
    started = time.monotonic()
    end, next_op, next_burst = started + options.minutes * 60, started, started + 45
    next_rest, next_sample = started + 60, started
    while (now := time.monotonic()) < end:
        if now >= next_sample:
            peak = max(peak, watch.memory("VmRSS"))
            next_sample = now + 1
        if now >= next_burst and not options.steady:
            watch.stop_still()
            vandal.burst(vandal.random.choice([200, 2000, 20_000]))
            for _ in range(200):
                vandal.act()
            watch.go_on()
            bursts += 1
            next_burst = time.monotonic() + 45
            next_op = time.monotonic()
        if now >= next_rest:
            wait, wrong = watch.expect_in_step()
            waits.append(wait)
            memory.append((time.monotonic() - started, watch.memory("RssAnon")))
            descriptors.append(watch.descriptors())
            print(f"  {now - started:4.0f} s: {vandal.done} contents, {len(watch.server.store.uploads)} uploads, "
                  f"{memory[-1][1]:.1f} MiB of its own, {watch.memory('VmRSS'):.1f} with mapped files, {descriptors[-1]} descriptors, "
                  + (f"in step after {wait:.1f} s" if wait is not None else f"MISSED {wrong[:5]}"), file=sys.stderr)
            if wrong:
                misses += wrong
                break
            next_rest = time.monotonic() + 60
            next_op = time.monotonic()
        vandal.act()
        next_op += 0.02
        time.sleep(max(0, next_op - time.monotonic()))
    wait, wrong = watch.expect_in_step()
    misses += wrong
    memory.append((time.monotonic() - started, watch.memory("RssAnon")))
    status, errors, left = watch.end()
    own = [value for _, value in memory]
    print(f"{options.minutes} minutes, seed {options.seed}: {vandal.done} contents written, {bursts} bursts while stopped, "
          f"{len(watch.server.store.uploads)} uploads, {len(waits) + 1} times at rest, {len(misses)} misses; "
          f"memory of its own at rest {own[0]:.1f} to {own[-1]:.1f} MiB, slope {slope(memory):+.2f} MiB/min; "
          f"with mapped files {peak:.0f} MiB at most; "
          f"descriptors {min(descriptors or [0])} to {max(descriptors or [0])}; "
          f"exit {status}; account {'= disk' if left else 'HOLDS MORE OR LESS THAN THE DISK'} after a clean-up")
    for line in misses[:20]:
        print(f"  miss: {line}")
    if errors.strip():
        print("  said: " + errors.strip()[-1500:].replace("\n", "\n        "))
    return not misses and status == 0 and left


def seeds(options, work):
    good, waits = True, []
    quick = {"SATCHEL_WATCH_QUIET": "40ms", "SATCHEL_WATCH_CAP": "400ms", "SATCHEL_WATCH_DELETE_HOLD": "80ms"}
    for seed in range(options.seed, options.seed + options.seeds):
        folder = f"{work}/{seed}"
        watch = Watch(options.satchel, folder, quick)
        vandal = Vandal(watch.root, watch.outside, seed)
        for part in range(4):
            stopped = part % 2 == 1
            if stopped:
                watch.stop_still()
            for _ in range(100):
                vandal.act()
                if not stopped and vandal.random.random() < 0.1:
                    time.sleep(vandal.random.choice([0.001, 0.01, 0.05, 0.1]))
            if stopped:
                watch.go_on()
        wait, wrong = watch.expect_in_step()
        status, errors, left = watch.end()
        if wrong or status != 0 or not left:
            good = False
            print(f"seed {seed}: status {status}, account {'= disk' if left else '≠ disk'}, misses {wrong[:10]}\n{errors[-1000:]}")
        else:
            waits.append(wait)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{options.seeds} seeds of 400 operations: {len(waits)} in step, after {statistics.median(waits):.1f} s "
          f"(median; {max(waits):.1f} s at most)" if waits else "none in step")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--satchel", default=SATCHEL)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steady", action="store_true", help="no bursts: for the memory of an even load")
    parser.add_argument("--seeds", type=int, help="so many short runs instead of a long one")
    options = parser.parse_args()
    options.satchel = os.path.abspath(options.satchel)
    with tempfile.TemporaryDirectory(prefix="satchel-soak-") as work:
        sys.exit(0 if (seeds if options.seeds else soak)(options, f"{work}/run") else 1)


if __name__ == "__main__":
    main()
