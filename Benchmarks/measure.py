"""What the measurements share: where the program is, what it runs in, and what a process uses."""
import os, random, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
SATCHEL = os.path.normpath(f"{HERE}/../.build/release/satchel")


def environment(home, **more):
    """Nothing of the caller's own reaches what is measured."""
    return {"PATH": os.environ["PATH"], "HOME": home, "LC_ALL": "C", **more}


def measure(command, cwd, env=None):
    """Runs a command and returns (cpu seconds, wall seconds, peak KiB) of it and its children."""
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command}: status {status}: {errors.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss


def cpu(pid):
    """Seconds of processor time of a process, all its threads, by its own clock."""
    return time.clock_gettime((~pid << 3) | 2)


def idle_share(pid, seconds):
    """Per cent of a processor that a process uses while nothing happens; two seconds are left to it to come to rest."""
    time.sleep(2)
    before, started = cpu(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu(pid) - before) / (time.monotonic() - started) * 100


def memory(pid, which="VmRSS"):
    """MiB that a process holds; `VmHWM` for the most it ever held."""
    return int(open(f"/proc/{pid}/status").read().split(f"{which}:")[1].split()[0]) / 1024


def make_tree(root, files):
    """Text files of about 4 KiB (lognormal sizes), 50 to a folder; the same for the same number."""
    numbers = random.Random(7)
    words = ["%x" % numbers.getrandbits(40) for _ in range(4000)]
    for index in range(files):
        folder = f"{root}/d{index // 50 % 40}/s{index // 50}"
        if index % 50 == 0:
            os.makedirs(folder, exist_ok=True)
        size = max(50, int(numbers.lognormvariate(7.8, 1.0)))
        text = f"{index} " + " ".join(numbers.choices(words, k=size // 9 + 1))
        with open(f"{folder}/f{index % 50}.txt", "w") as file:
            file.write(text[:size])
