"""A small OpenAI-compatible Files API on 127.0.0.1, for measurements: keeps names and digests, not contents."""
import hashlib, http.server, json, re, threading, time


class Store:
    def __init__(self):
        self.lock = threading.Condition()
        self.files = {}
        self.uploads = []
        self.deletes = 0

    def contents(self):
        with self.lock:
            return sorted(file["sha256"] for file in self.files.values())


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers JSON and says nothing."""
    protocol_version = "HTTP/1.1"

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Handler(Answering):
    # Head and body leave in one packet.
    wbufsize = 1 << 16

    @property
    def store(self):
        return self.server.store

    def do_GET(self):
        with self.store.lock:
            files = list(self.store.files.values())
        if "/files/" in self.path:
            return self.one(self.path.rsplit("/", 1)[1])
        after = re.search("after=([^&]+)", self.path)
        if after:
            ids = [file["id"] for file in files]
            files = files[ids.index(after[1]) + 1:] if after[1] in ids else []
        page = files[:1000]
        self.answer(200, {"object": "list", "data": [visible(file) for file in page], "has_more": len(files) > 1000,
                          "first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None})

    def one(self, name):
        with self.store.lock:
            file = self.store.files.get(name)
        self.answer(200, visible(file)) if file else self.answer(404, {"error": {"message": "No such File object"}})

    def do_POST(self):
        at = time.monotonic()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        boundary = b"--" + re.search('boundary="?([^";]+)', self.headers["Content-Type"])[1].encode()
        file, fields = None, {}
        for part in body.split(b"\r\n" + boundary if not body.startswith(boundary) else boundary)[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            content = content[:-2] if content.endswith(b"\r\n") else content
            name = re.search(rb'[; ]name="([^"]*)"', head)[1].decode()
            named = re.search(rb'filename="([^"]*)"', head)
            if named:
                file = (named[1].decode(errors="replace"), content)
            else:
                fields[name] = content.decode()
        if file is None:
            # The client gave up in the middle, because the file changed.
            self.close_connection = True
            return
        created = int(time.time())
        seconds = fields.get("expires_after[seconds]")
        with self.store.lock:
            number = len(self.store.uploads) + 1
            kept = {"id": f"file-{number:08x}", "filename": file[0], "bytes": len(file[1]), "created_at": created,
                    "expires_at": created + int(seconds) if seconds else None,
                    "sha256": hashlib.sha256(file[1]).hexdigest()}
            self.store.files[kept["id"]] = kept
            self.store.uploads.append((at, kept["filename"]))
            self.store.lock.notify_all()
        self.answer(200, visible(kept))

    def do_DELETE(self):
        name = self.path.rsplit("/", 1)[1]
        with self.store.lock:
            found = self.store.files.pop(name, None)
            self.store.deletes += 1
        self.answer(200 if found else 404, {"id": name, "object": "file", "deleted": bool(found)})


def visible(file):
    shown = {key: value for key, value in file.items() if key != "sha256"}
    return {**shown, "object": "file", "purpose": "user_data", "status": "processed"}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.store = Store()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def base(self):
        return f"http://127.0.0.1:{self.server_port}/v1"
