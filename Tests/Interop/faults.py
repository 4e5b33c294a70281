#!/usr/bin/env python3
"""Runs satchel against OGX through a proxy and TCP resets that lose, cut, slow and refuse what passes.

    SATCHEL_SERVERS=/path/to/servers Tests/Interop/faults.py [NAME...]

After each fault: the run ends with a documented status, its sums add up, its requests are bounded; the next run without
faults ends in step, and the server holds exactly the bytes of the workspace, each once. See README.md beside this file.
"""
import hashlib, json, os, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PACKAGES = os.environ.get("SATCHEL_FAULT_PACKAGES", os.path.expanduser("~/.cache/satchel-faults"))
RETRIES = 1
FILES = 6
processes = []

POST = "POST /v1/files$"
ALL = "/v1/files"
PROXY = {
    "lost answer": [{"match": POST, "times": 3, "do": "lost_reply"}],
    "lost answers for ever": [{"match": POST, "times": 99, "do": "lost_reply"}],
    "lost answer, and no look": [
        {"match": POST, "times": 3, "do": "lost_reply"},
        {"match": "GET /v1/files", "times": 9, "do": "status", "status": 500},
    ],
    "hung up before the request": [{"match": POST, "times": 2, "do": "kill"}],
    "truncated answers": [{"match": ALL, "times": 6, "do": "truncate"}],
    "wrong lengths": [{"match": POST, "times": 3, "do": "wrong_len"}],
    "slow answers": [{"match": ALL, "times": 4, "do": "slow", "bytes_per_s": 500}],
    "late requests": [{"match": ALL, "times": 4, "do": "delay", "seconds": 1}],
    "429 storm": [{"match": ALL, "times": 999, "do": "status", "status": 429, "retry_after": "0"}],
    "some 429": [{"match": ALL, "times": 3, "do": "status", "status": 429, "retry_after": "1"}],
    "503 for ever": [{"match": ALL, "times": 999, "do": "status", "status": 503}],
    "a captive portal": [{"match": ALL, "times": 4, "do": "garbage"}],
    "garbage for ever": [{"match": ALL, "times": 999, "do": "garbage", "text": "\x00\x01{", "type": "application/json"}],
    "redirected": [{"match": POST, "times": 2, "do": "redirect", "to": "http://127.0.0.1:9/v1/files"}],
}
TOXIC = {
    "reset in the request": ["reset_up_after=2000"],
    "reset in the answer": ["reset_after=120"],
    "closed in the answer": ["close_after=150"],
    "first connections refused": ["refuse_first=3"],
    "one byte at a time": ["slice=1"],
    "slow both ways": ["down_rate=20000", "up_rate=400000"],
    "far away": ["latency=0.2"],
}


def die(text):
    sys.exit(f"faults: {text}")


def port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def fetch(url, method="GET", body=None):
    request = urllib.request.Request(url, data=body, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def start(log, *words, **environment):
    process = subprocess.Popen(
        words, stdout=open(log, "ab"), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    processes.append(process)
    return process


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    processes.remove(process)


def wait_for(what, ready, log):
    for _ in range(600):
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.1)
    die(f"{what} does not start; see {log}")


def listens(number):
    with socket.create_connection(("127.0.0.1", number), 1):
        return True


def install(name, package):
    program = f"{PACKAGES}/{name}/bin/pip"
    if not os.path.exists(f"{PACKAGES}/{name}/bin/{'mitmdump' if name == 'mitm' else name}"):
        print(f"== installing {package} into {PACKAGES}/{name} (once)", flush=True)
        python = next((p for p in ("python3.13", "python3.12", sys.executable) if shutil.which(p)), sys.executable)
        subprocess.run([python, "-m", "venv", f"{PACKAGES}/{name}"], check=True)
        subprocess.run([program, "-q", "install", package], check=True)
    return f"{PACKAGES}/{name}/bin"


class World:
    """One workspace at one server, and what can be said of both."""

    def __init__(self, scratch, binary, server, front):
        self.server, self.binary = server, binary
        self.folder, self.home = f"{scratch}/w", f"{scratch}/h"
        os.makedirs(f"{self.folder}/d")
        os.makedirs(self.home)
        for n in range(FILES):
            with open(f"{self.folder}/{'d/' if n % 2 else ''}f{n}.txt", "w") as f:
                f.write(f"{scratch} {n}\n" * (40 ** (n % 4)))
        with open(f"{self.folder}/satchel.yaml", "w") as f:
            f.write(f"accounts:\n  ogx:\n    kind: openai-compatible\n    base_url: {front}\n"
                    "default_account: ogx\nexclude: [satchel.yaml]\n")
        self.run("init", "-q")

    def run(self, *words, limit=240):
        environment = {
            "PATH": os.environ["PATH"], "HOME": self.home, "LANG": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no",
            "SATCHEL_RETRIES": str(RETRIES),
        }
        return subprocess.run([self.binary, *words], cwd=self.folder, env=environment, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=limit)

    def wanted(self):
        found = []
        for folder, folders, names in os.walk(self.folder):
            if ".satchel" in folders:
                folders.remove(".satchel")
            found += [f"{folder}/{n}" for n in names if n != "satchel.yaml"]
        return sorted(hashlib.sha256(open(f, "rb").read()).hexdigest() for f in found)

    def held(self):
        files = json.loads(fetch(f"{self.server}/files?limit=1000"))["data"]
        return sorted(hashlib.sha256(fetch(f"{self.server}/files/{f['id']}/content")).hexdigest() for f in files)


def check(name, world, faulty, requests):
    """`faulty` is the run under the fault; the faults are over now."""
    problems = []
    report = {}
    try:
        report = json.loads(faulty.stdout)
    except ValueError:
        problems.append(f"no document: {faulty.stdout[-300:]!r} {faulty.stderr[-300:]!r}")
    if faulty.returncode not in (0, 1, 2, 5, 6):
        problems.append(f"status {faulty.returncode}: {faulty.stderr[-300:]!r}")
    summary = report.get("summary")
    if summary:
        parts = ("uploaded", "rehydrated", "linked", "unchanged", "skipped", "failed")
        if summary["found"] != sum(summary[p] for p in parts):
            problems.append(f"sums do not add up: {summary}")
        if (faulty.returncode == 0) != (summary["failed"] == 0):
            problems.append(f"status {faulty.returncode} with {summary['failed']} failed")
        if summary["failed"] and not all(f["code"] and f["message"] for f in report["failures"]):
            problems.append(f"failures without a reason: {report['failures']}")
    # A question whether there is a Files API; each file sent and looked for as often as it may be tried.
    if requests is not None and requests > 2 * (RETRIES + 1) * (FILES + 1) * 2:
        problems.append(f"{requests} requests")
    after = world.run("sync", "--json")
    if after.returncode != 0:
        problems.append(f"the next run: {after.returncode} {after.stdout[-500:]!r} {after.stderr[-300:]!r}")
    if world.run("sync", "--check").returncode != 0:
        problems.append("not in step after the next run")
    world.run("cleanup", "--older-than", "0")
    if world.held() != world.wanted():
        problems.append(f"held {len(world.held())} ({len(set(world.held()))} different), wanted {len(world.wanted())}")
    if b'"sound"' not in world.run("doctor", "--json").stdout:
        problems.append("the manifest is not sound")
    world.run("cleanup", "--all", "--force", "--older-than", "0")
    if world.held():
        problems.append(f"{len(world.held())} left after cleanup")
    count = "" if requests is None else f", {requests} requests"
    said = f"{summary['uploaded']} uploaded, {summary['failed']} failed" if summary else "could not start"
    print(f"{'FAILED' if problems else 'ok    '}  {name}: status {faulty.returncode}, {said}{count}", flush=True)
    for problem in problems:
        print(f"        {problem}")
    return not problems


def main():
    servers = os.environ.get("SATCHEL_SERVERS") or die("set SATCHEL_SERVERS to the folder with mitm_faults.py")
    binary = os.environ.get("SATCHEL_BINARY")
    if not binary:
        subprocess.run(["swift", "build", "--package-path", ROOT, "--product", "satchel", "--quiet"], check=True)
        place = subprocess.run(["swift", "build", "--package-path", ROOT, "--show-bin-path"], check=True,
                               capture_output=True, text=True)
        binary = place.stdout.strip() + "/satchel"
    ogx, mitm = install("ogx", "ogx==1.5.0"), install("mitm", "mitmproxy==12.2.3")
    scratch = tempfile.mkdtemp()
    log = f"{scratch}/servers.log"
    server_port, proxy_port, toxic_port = port(), port(), port()
    start(log, f"{ogx}/ogx", "run", f"{servers}/ogx/files-only.yaml", "--port", str(server_port), "--insecure",
          OGX_DIR=f"{scratch}/ogx", OTEL_SDK_DISABLED="true", HF_HUB_OFFLINE="1")
    server = f"http://127.0.0.1:{server_port}/v1"
    wait_for("OGX", lambda: fetch(f"{server}/files"), log)
    proxy_log = f"{scratch}/proxy.log"
    start(proxy_log, f"{mitm}/mitmdump", "--mode", f"reverse:http://127.0.0.1:{server_port}", "--listen-host",
          "127.0.0.1", "-p", str(proxy_port), "-s", f"{servers}/mitm_faults.py", "--set", "keep_host_header=true",
          "--set", "stream_large_bodies=50m", "--set", f"confdir={scratch}/mitm")
    proxy = f"http://127.0.0.1:{proxy_port}"
    wait_for("the proxy", lambda: fetch(f"{proxy}/__faults"), proxy_log)

    def requests():
        lines = open(proxy_log, errors="replace").read().splitlines()
        return sum(1 for l in lines if "/v1/" in l and (" GET " in l or " POST " in l or " DELETE " in l))

    wished, results = sys.argv[1:], []
    for name, rules in PROXY.items():
        if wished and name not in wished:
            continue
        world = World(f"{scratch}/p{len(results)}", binary, server, f"{proxy}/v1")
        world.run("remote", "ls")  # asks whether there is a Files API, while it still says so
        fetch(f"{proxy}/__faults", "PUT", json.dumps(rules).encode())
        before = requests()
        faulty = world.run("sync", "--json")
        count = requests() - before
        fetch(f"{proxy}/__faults", "PUT", b"[]")
        results.append(check(name, world, faulty, count))
    for name, toxics in TOXIC.items():
        if wished and name not in wished:
            continue
        plain = start(log, sys.executable, f"{servers}/toxic.py", str(toxic_port), str(server_port))
        wait_for("the TCP proxy", lambda: listens(toxic_port), log)
        world = World(f"{scratch}/t{len(results)}", binary, server, f"http://127.0.0.1:{toxic_port}/v1")
        world.run("remote", "ls")
        stop(plain)
        toxic = start(log, sys.executable, f"{servers}/toxic.py", str(toxic_port), str(server_port), *toxics)
        time.sleep(0.5)
        faulty = world.run("sync", "--json")
        stop(toxic)
        plain = start(log, sys.executable, f"{servers}/toxic.py", str(toxic_port), str(server_port))
        wait_for("the TCP proxy", lambda: listens(toxic_port), log)
        results.append(check(name, world, faulty, None))
        stop(plain)
    print(f"{sum(results)} of {len(results)} faults are survived")
    if not os.environ.get("SATCHEL_KEEP_TEST_DIRS"):
        shutil.rmtree(scratch, ignore_errors=True)
    return 0 if results and all(results) else 1


try:
    sys.exit(main())
finally:
    for process in list(processes):
        stop(process)
