#!/usr/bin/env python3
"""Measures satchel beside named tools, in one run on one machine, and prints a Markdown table of medians and ratios.

    swift build -c release --product satchel --static-swift-stdlib
    Benchmarks/run.py [--satchel PATH] [--files N] [--runs N] [--only NAME,...]

Needs python3, find and git. `uploads` also needs nginx, and a Python with the openai package (--python PATH); it is left
out, and said so, where they are missing. Everything happens in a temporary folder and on 127.0.0.1.
"""
import argparse, os, random, shutil, signal, socket, statistics, subprocess, sys, tempfile, threading, time

import loopback
from measure import SATCHEL, environment, idle_share, make_tree, measure


def median(rows, index):
    return statistics.median(row[index] for row in rows)


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, satchel, other, ratio, bar, good):
        self.rows.append((what, satchel, other, ratio, bar, "yes" if good else "no"))
        print(f"  {what}: {satchel}; {other}; {ratio}; bar {bar}: {'met' if good else 'MISSED'}", file=sys.stderr)

    def print(self):
        print("| what | satchel | beside it | ratio | bar | met |")
        print("| --- | --- | --- | --- | --- | --- |")
        for row in self.rows:
            print("| " + " | ".join(row) + " |")


def put_aside(folder):
    """Moves a folder out of its tree. ext4 shuns inodes that were deleted in the last minutes and looks at each of them
    again whenever it makes a file: after a hundred thousand deletes everything that makes files takes up to three times
    as long, for minutes. So nothing is deleted before the last measurement."""
    if os.path.exists(folder):
        os.rename(folder, tempfile.mkdtemp(dir=os.path.dirname(os.path.dirname(folder))) + "/aside")


def reset(satchel, tree, env):
    put_aside(f"{tree}/.satchel")
    subprocess.run([satchel, "init", "-q"], cwd=tree, env=env, check=True)


def large_tree(table, options, work):
    tree, env = f"{work}/tree", environment(work)
    make_tree(tree, options.files)
    first, added = [], []
    # In turn, so that a slow minute of the machine slows both.
    for _ in range(options.runs):
        reset(options.satchel, tree, env)
        first.append(measure([options.satchel, "sync", "-q"], tree, env))
        subprocess.run(["git", "init", "-q", "."], cwd=tree, env=env, check=True)
        with open(f"{tree}/.git/info/exclude", "w") as file:
            file.write(".satchel\n")
        added.append(measure(["git", "add", "-A"], tree, env))
        put_aside(f"{tree}/.git")
    quiet, found = [], []
    for _ in range(options.runs * 3):
        quiet.append(measure([options.satchel, "sync", "-q"], tree, env))
        found.append(measure(["find", ".", "-printf", "%s %T@ %C@ %i %p\n"], tree, env))
    ratio = statistics.median(a[0] / b[0] for a, b in zip(quiet, found))
    table.add(
        f"no-change `sync`, {options.files:,} files, CPU",
        f"{median(quiet, 0):.2f} s", f"`find -printf` {median(found, 0):.2f} s", f"{ratio:.1f}×", "≤ 3×", ratio <= 3,
    )
    peak = median(quiet, 2) / 1024
    table.add("the same, peak memory", f"{peak:.0f} MiB", "–", "–", "≤ 60 MiB", peak <= 60)
    # Faster means sooner done; the processor time says what it costs.
    for index, unit, bar in ((1, "wall", "< 1×"), (0, "CPU", "–")):
        ratio = statistics.median(a[index] / b[index] for a, b in zip(first, added))
        table.add(
            f"first local `sync` of it, {unit}",
            f"{median(first, index):.1f} s", f"`git add -A` {median(added, index):.1f} s", f"{ratio:.2f}×", bar,
            bar == "–" or ratio < 1,
        )


def start_up(table, options, work):
    runs = [measure([options.satchel, "--version"], work, environment(work)) for _ in range(21)]
    table.add("`satchel --version`, wall", f"{median(runs, 1) * 1000:.0f} ms", "–", "–", "≤ 30 ms",
              median(runs, 1) <= 0.030)


NGINX = """
daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_max_body_size 64m; client_body_buffer_size 1m; keepalive_requests 1000000;
  client_body_temp_path {work}/b; proxy_temp_path {work}/p; fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u;
  scgi_temp_path {work}/s;
  server {{
    listen 127.0.0.1:{port}; default_type application/json;
    location = /v1/files {{
      if ($request_method = GET) {{ return 200 '{{"object":"list","data":[],"has_more":false}}'; }}
      set $name '"filename":"x.txt","purpose":"user_data","status":"processed"';
      return 200 '{{"id":"file-$request_id","object":"file","bytes":4096,"created_at":1800000000,$name}}';
    }}
  }}
}}
"""

SDK = """
import asyncio, os, sys, openai
async def main():
    client = openai.AsyncOpenAI()
    names = iter(sorted(os.listdir(".")))
    async def worker():
        for name in names:
            if name.endswith(".txt"):
                with open(name, "rb") as file:
                    await client.files.create(file=(name, file.read()), purpose="user_data",
                                              expires_after={"anchor": "created_at", "seconds": 86400})
    await asyncio.gather(*(worker() for _ in range(8)))
def one_by_one():
    client = openai.OpenAI()
    for name in sorted(os.listdir(".")):
        if name.endswith(".txt"):
            with open(name, "rb") as file:
                client.files.create(file=(name, file.read()), purpose="user_data",
                                    expires_after={"anchor": "created_at", "seconds": 86400})
asyncio.run(main()) if sys.argv[1] == "8" else one_by_one()
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def uploads(table, options, work):
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    has_sdk = subprocess.run([options.python, "-c", "import openai"], capture_output=True).returncode == 0
    if not os.path.exists(nginx) or not has_sdk:
        print("  uploads: left out: needs nginx, and the openai package in --python", file=sys.stderr)
        return
    port = free_port()
    with open(f"{work}/nginx.conf", "w") as file:
        file.write(NGINX.format(work=work, port=port))
    server = subprocess.Popen([nginx, "-c", f"{work}/nginx.conf", "-e", f"{work}/error.log"])
    try:
        wait_for_port(port)
        tree, count = f"{work}/small", 10_000
        os.makedirs(tree)
        numbers = random.Random(3)
        for index in range(count):
            with open(f"{tree}/{index}.txt", "wb") as file:
                file.write(b"%d " % index + b"x" * (4094 - len(str(index))) + b"\n")
        env = environment(work, OPENAI_API_KEY="sk-benchmark-benchmark", OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1")
        with open(f"{work}/sdk.py", "w") as file:
            file.write(SDK)
        ours, theirs = [], []
        for _ in range(options.runs):
            reset(options.satchel, tree, env)
            # The server says 4096 bytes to everything.
            os.remove(f"{tree}/satchel.yaml")
            ours.append(measure([options.satchel, "sync", "-q", "--to", "openai"], tree, env))
            # A tenth of the files: the rate is what is compared.
            part = f"{work}/part"
            shutil.rmtree(part, ignore_errors=True)
            os.makedirs(part)
            for index in range(count // 10):
                shutil.copy(f"{tree}/{index}.txt", part)
            for parallel in ("1", "8"):
                sample = measure([options.python, f"{work}/sdk.py", parallel], part, env)
                theirs.append((parallel, sample[0] * 10, sample[1] * 10))
        best = min(statistics.median(row[2] for row in theirs if row[0] == parallel) for parallel in ("1", "8"))
        cpu = min(statistics.median(row[1] for row in theirs if row[0] == parallel) for parallel in ("1", "8"))
        table.add("10,000 files of 4 KiB to a loopback server, wall", f"{median(ours, 1):.2f} s",
                  f"openai SDK (its better of 1 and 8 in parallel) {best:.1f} s",
                  f"{best / median(ours, 1):.1f}× as fast", "≥ 10×", best / median(ours, 1) >= 10)
        table.add("the same, CPU of the client", f"{median(ours, 0):.2f} s", f"openai SDK {cpu:.1f} s",
                  f"1/{cpu / median(ours, 0):.0f}", "–", True)
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait()


def wait_for_port(port):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("the loopback server did not start")


def watching(table, options, work):
    tree = f"{work}/watched"
    make_tree(tree, 2000)
    server = loopback.Server()
    env = environment(work, OPENAI_API_KEY="sk-benchmark-benchmark", OPENAI_BASE_URL=server.base)
    reset(options.satchel, tree, env)
    process = subprocess.Popen([options.satchel, "watch", "--to", "openai"], cwd=tree, env=env,
                               stdout=subprocess.PIPE, text=True)
    try:
        while "watching" not in process.stdout.readline():
            pass
        threading.Thread(target=process.stdout.read, daemon=True).start()
        store, delays = server.store, []
        for number in range(25):
            with store.lock:
                before = len(store.uploads)
            saved = time.monotonic()
            with open(f"{tree}/saved.txt", "w") as file:
                file.write(f"save {number}\n")
            with store.lock:
                if not store.lock.wait_for(lambda: len(store.uploads) > before, timeout=30):
                    sys.exit("a save was not uploaded")
                delays.append(store.uploads[before][0] - saved)
            # Past the back-off for a file that is saved again and again.
            time.sleep(4)
        extra = statistics.median(delays) * 1000 - 250
        table.add("save → upload request, beyond the settle time of 250 ms", f"{extra:.0f} ms", "–", "–", "≤ 50 ms",
                  extra <= 50)
        share = idle_share(process.pid, 30)
        table.add("idle `watch`, CPU", f"{share:.2f} %", "–", "–", "< 0.2 %", share < 0.2)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        server.shutdown()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--satchel", default=SATCHEL)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--python", default=sys.executable, help="a Python with the openai package")
    parser.add_argument("--only", default="start_up,large_tree,uploads,watching")
    options = parser.parse_args()
    options.satchel = os.path.abspath(options.satchel)
    table = Table()
    with tempfile.TemporaryDirectory(prefix="satchel-bench-") as work:
        for name in options.only.split(","):
            print(f"{name} …", file=sys.stderr)
            os.makedirs(f"{work}/{name}")
            globals()[name](table, options, f"{work}/{name}")
    table.print()


if __name__ == "__main__":
    main()
