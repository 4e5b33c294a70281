#!/usr/bin/env python3
"""Measures how long it takes from Enter to the moment the question reaches the provider, on a large synced workspace.

    swift build -c release --product satchel --static-swift-stdlib
    Benchmarks/chat.py [--satchel PATH] [--files N] [--runs N]

The provider is a small server in this process: what it costs is in the figures. Each run is a process of its own, as a
shell starts it, and a session at a terminal is measured beside it.
"""
import argparse, http.server, json, os, pty, random, re, statistics, subprocess, sys, tempfile, threading, time, uuid

import loopback
from measure import SATCHEL, environment, make_tree


class Provider(loopback.Answering):
    """Enough of OpenAI's Files and Responses for a chat."""
    files = {}
    asked = threading.Event()
    asked_at = 0.0
    disable_nagle_algorithm = True

    def do_POST(self):
        arrived = time.monotonic()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/files":
            name = re.search(rb'filename="([^"]*)"', body).group(1).decode()
            file = {"id": f"file-{uuid.uuid4().hex}", "object": "file", "bytes": len(body), "filename": name,
                    "created_at": int(time.time()), "purpose": "user_data", "status": "processed"}
            size = re.search(rb"filename=.*?\r\n\r\n(.*)\r\n--", body, re.S)
            file["bytes"] = len(size.group(1)) if size else 0
            Provider.files[file["id"]] = file
            return self.answer(200, file)
        Provider.asked_at = arrived
        events = [
            {"type": "response.created", "response": {"id": "resp_1"}},
            {"type": "response.output_text.delta", "delta": "yes"},
            {"type": "response.completed", "response": {"id": "resp_1", "status": "completed",
             "usage": {"input_tokens": 9, "output_tokens": 1, "total_tokens": 10}}},
        ]
        text = "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        Provider.asked.set()

    def do_GET(self):
        file = Provider.files.get(self.path.rsplit("/", 1)[-1])
        if self.path.startswith("/v1/files/") and file:
            return self.answer(200, file)
        if self.path.startswith("/v1/files"):
            return self.answer(200, {"object": "list", "data": [], "has_more": False})
        self.answer(404, {"error": {"message": "no such thing", "type": "invalid_request_error"}})


def one_shot(satchel, tree, env, arguments):
    Provider.asked.clear()
    started = time.monotonic()
    process = subprocess.Popen([satchel, "chat", *arguments], cwd=tree, env=env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    if process.wait() != 0 or not Provider.asked.is_set():
        sys.exit(f"{arguments}: {errors.decode(errors='replace')}")
    return Provider.asked_at - started


def session(satchel, tree, env, options, questions):
    """One session at a terminal; the time from each Enter."""
    master, slave = pty.openpty()
    process = subprocess.Popen([satchel, "chat", *options], cwd=tree, env=env, stdin=slave,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    os.close(slave)
    times = []

    def until_prompt():
        seen = b""
        while not seen.endswith(b"> "):
            some = os.read(process.stdout.fileno(), 4096)
            if not some:
                sys.exit("the session ended")
            seen += some

    until_prompt()
    for question in questions:
        Provider.asked.clear()
        started = time.monotonic()
        os.write(master, question.encode() + b"\n")
        Provider.asked.wait(60)
        times.append(Provider.asked_at - started)
        until_prompt()
    os.write(master, b"/quit\n")
    process.wait()
    os.close(master)
    return times


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--satchel", default=SATCHEL)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    satchel = os.path.abspath(options.satchel)
    # With the usual queue of five, one of several connections at once would wait a second for its second SYN.
    http.server.ThreadingHTTPServer.request_queue_size = 128
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    work = tempfile.mkdtemp(prefix="satchel-chat-")
    tree = f"{work}/tree"
    make_tree(tree, options.files)
    env = environment(work, OPENAI_API_KEY="sk-loopback", OPENAI_BASE_URL=f"http://127.0.0.1:{server.server_port}/v1",
                      SATCHEL_MODEL="echo", SATCHEL_UPLOAD="on-reference", SATCHEL_ACCOUNT="openai")
    subprocess.run([satchel, "init", "-q"], cwd=tree, env=env, check=True)
    os.remove(f"{tree}/satchel.yaml")
    started = time.monotonic()
    subprocess.run([satchel, "sync", "-q"], cwd=tree, env=env, check=True, stderr=subprocess.DEVNULL)
    print(f"first sync of {options.files} files: {time.monotonic() - started:.1f} s", file=sys.stderr)
    numbers = random.Random(3)
    paths = [f"d{i // 50 % 40}/s{i // 50}/f{i % 50}.txt" for i in numbers.sample(range(options.files), options.runs)]
    words = open(f"{tree}/{paths[0]}").read().split()[1:-1]

    def questions():
        return [f"how does {numbers.choice(words)} go with {numbers.choice(words)}?" for _ in range(options.runs)]

    mentioned = [one_shot(satchel, tree, env, [f"what is in @{path}?"]) for path in paths]
    first = one_shot(satchel, tree, env, ["--auto", questions()[0]])
    chosen = [one_shot(satchel, tree, env, ["--auto", text]) for text in questions()]
    again = [one_shot(satchel, tree, env, [f"what is in @{path}?"]) for path in paths]
    typed = session(satchel, tree, env, [], [f"what is in @{path}?" for path in paths])
    typed_auto = session(satchel, tree, env, ["--auto"], questions())

    def row(what, times, bar):
        middle = statistics.median(times) * 1000
        print(f"| {what} | {middle:.0f} ms | {max(times) * 1000:.0f} ms | {bar} | {'yes' if middle <= float(bar.split()[1]) else 'no'} |")

    print("| from Enter to the request | median | slowest | bar | met |")
    print("| --- | --- | --- | --- | --- |")
    row("a command, one file mentioned, uploaded for it", mentioned, "≤ 50 ms")
    row("a command, one file mentioned, uploaded before", again, "≤ 50 ms")
    row("a session, one file mentioned", typed, "≤ 50 ms")
    row("a command, `--auto`", chosen, "≤ 300 ms")
    row("a session, `--auto`", typed_auto, "≤ 300 ms")
    print(f"The first `--auto` makes the index: {first:.1f} s.")
    subprocess.run(["rm", "-rf", work])


if __name__ == "__main__":
    main()
