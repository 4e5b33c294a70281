#!/usr/bin/env python3
"""Measures the gate for secrets: what it finds of a corpus of made-up ones, what it says of real folders without any,
and how fast it is beside `grep -E`. Prints Markdown tables.

    swift build -c release --product satchel --static-swift-stdlib
    Benchmarks/gate.py [--satchel PATH] [--runs N] [--list] [FOLDER...]

Every secret is made here at random in its published shape and is worth nothing. FOLDERs are copied, not changed; nothing
leaves this machine: satchel is only asked what it would send. `--list` prints each finding in the folders.
"""
import argparse, base64, json, os, random, resource, shutil, statistics, string, subprocess, sys, tempfile, time, zlib

import foreign_secrets
from measure import SATCHEL, environment

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
BASE62, HEX = DIGITS + UPPER + LOWER, "0123456789abcdef"
URL, BASE64, BASE32 = BASE62 + "_-", BASE62 + "+/", UPPER + "234567"


def some(dice, alphabet, count):
    return "".join(dice.choice(alphabet) for _ in range(count))


def checked(dice, prefix):
    """Thirty characters and their CRC32 in base 62, as GitHub and npm make them."""
    body = some(dice, BASE62, 30)
    rest, tail = zlib.crc32(body.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        tail = BASE62[digit] + tail
    return prefix + body + tail


def web_token(dice):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    claims = {"sub": some(dice, DIGITS, 8), "iss": some(dice, LOWER, 7), "exp": dice.randrange(1800000000, 1900000000)}
    return part({"alg": "RS256", "typ": "JWT"}) + "." + part(claims) + "." + some(dice, URL, 86)


def pem(dice, label, lines):
    body = "\n".join(some(dice, BASE64, 64) for _ in range(lines))
    return f"-----BEGIN {label}-----\n{body}\n{some(dice, BASE64, 30)}==\n-----END {label}-----"


# kind: how to make one. Each has the shape its provider hands out.
TOKENS = {
    "OpenAI project key": lambda d: "sk-proj-" + some(d, URL, 124) + "T3BlbkFJ" + some(d, URL, 24),
    "OpenAI key": lambda d: "sk-" + some(d, BASE62, 20) + "T3BlbkFJ" + some(d, BASE62, 20),
    "Anthropic key": lambda d: "sk-ant-api03-" + some(d, URL, 93) + "AA",
    "Google API key": lambda d: "AIza" + some(d, URL, 35),
    "Google OAuth secret": lambda d: "GOCSPX-" + some(d, URL, 28),
    "xAI key": lambda d: "xai-" + some(d, BASE62, 80),
    "Groq key": lambda d: "gsk_" + some(d, BASE62, 52),
    "Hugging Face token": lambda d: "hf_" + some(d, LOWER + UPPER, 34),
    "Replicate token": lambda d: "r8_" + some(d, BASE62, 37),
    "AWS access key id": lambda d: "AKIA" + some(d, BASE32, 16),
    "Azure storage key": lambda d: "AccountKey=" + some(d, BASE64, 86) + "==",
    "DigitalOcean token": lambda d: "dop_v1_" + some(d, HEX, 64),
    "Databricks token": lambda d: "dapi" + some(d, HEX, 32),
    "Vault token": lambda d: "hvs." + some(d, URL, 95),
    "age key": lambda d: "AGE-SECRET-KEY-1" + some(d, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
    "GitHub token": lambda d: checked(d, d.choice(["ghp_", "gho_", "ghs_", "ghu_", "ghr_"])),
    "GitHub fine-grained token": lambda d: "github_pat_" + some(d, BASE62, 22) + "_" + some(d, BASE62, 59),
    "GitLab token": lambda d: "glpat-" + some(d, URL, 20),
    "npm token": lambda d: checked(d, "npm_"),
    "PyPI token": lambda d: "pypi-AgEIcHlwaS5vcmc" + some(d, URL, 130),
    "Docker token": lambda d: "dckr_pat_" + some(d, URL, 27),
    "Grafana token": lambda d: "glsa_" + some(d, BASE62, 32) + "_" + some(d, HEX, 8),
    "Slack bot token": lambda d: "xoxb-" + some(d, DIGITS, 12) + "-" + some(d, DIGITS, 13) + "-" + some(d, BASE62, 24),
    "Slack webhook": lambda d: "https://hooks.slack.com/services/T" + some(d, UPPER + DIGITS, 10) + "/B"
        + some(d, UPPER + DIGITS, 10) + "/" + some(d, BASE62, 24),
    "Discord webhook": lambda d: "https://discord.com/api/webhooks/" + some(d, DIGITS, 18) + "/" + some(d, URL, 68),
    "Telegram bot token": lambda d: some(d, "123456789", 1) + some(d, DIGITS, 9) + ":AA" + some(d, URL, 33),
    "SendGrid key": lambda d: "SG." + some(d, URL, 22) + "." + some(d, URL, 43),
    "Stripe key": lambda d: "sk_live_" + some(d, BASE62, 99),
    "Shopify token": lambda d: "shpat_" + some(d, HEX, 32),
    "JSON web token": web_token,
    "Linear key": lambda d: "lin_api_" + some(d, BASE62, 40),
    "Postman key": lambda d: "PMAK-" + some(d, HEX, 24) + "-" + some(d, HEX, 34),
}
# Known only by the name they stand under: used in contexts that have one.
NAMED = {
    "AWS secret key": ("AWS_SECRET_ACCESS_KEY", lambda d: some(d, BASE64, 40)),
    "random hexadecimal secret": ("SESSION_SECRET", lambda d: some(d, HEX, 32)),
    "random base 62 secret": ("CLIENT_SECRET", lambda d: some(d, BASE62, 24)),
    "UUID as a key": ("HEROKU_API_KEY", lambda d: "-".join(some(d, HEX, n) for n in (8, 4, 4, 4, 12))),
}
KEYS = {
    "RSA private key": lambda d: pem(d, "RSA PRIVATE KEY", 24),
    "EC private key": lambda d: pem(d, "EC PRIVATE KEY", 3),
    "PKCS #8 private key": lambda d: pem(d, "PRIVATE KEY", 26),
    "OpenSSH private key": lambda d: pem(d, "OPENSSH PRIVATE KEY", 38),
    "PGP private key": lambda d: pem(d, "PGP PRIVATE KEY BLOCK", 40),
}
PASSWORDS = {
    "password in an address": lambda d: "postgres://app:" + some(d, BASE62, 18) + "@db.internal.lan:5432/prod",
}


def contexts(name, secret):
    """The same secret as it stands in code, YAML, JSON, .env and prose."""
    camel = "".join(part.capitalize() for part in name.lower().split("_"))
    return {
        "py": f'import os\n\n{name} = "{secret}"\n\ndef main():\n    return {name}\n',
        "swift": f'struct Client {{\n    let my{camel} = "{secret}"\n}}\n',
        "js": f"const client = make({{\n  {name.lower()}: '{secret}',\n}});\n",
        "yaml": f"service:\n  {name.lower()}: {secret}\n  port: 8080\n",
        "json": json.dumps({"service": {name.lower(): secret, "port": 8080}}, indent=2) + "\n",
        "env": f"PORT=8080\nexport {name}={secret}\nDEBUG=1\n",
        "ini": f"[service]\n{name.lower()} = {secret}\n",
        "log": f'{{"message": "started", "env": "PORT=80\\n{name}={secret}\\nDEBUG=1"}}\n',
    }


def files_with_keys(secret):
    return {
        "pem": secret + "\n",
        "json": json.dumps({"type": "service_account", "private_key": secret + "\n"}) + "\n",
        "yaml": "tls:\n  key: |\n" + "".join(f"    {line}\n" for line in secret.splitlines()),
        "swift": 'let key = """\n' + secret + '\n"""\n',
        "env": 'KEY="' + secret.replace("\n", "\\n") + '"\n',
    }


def make_corpus(folder, seed, each):
    """Writes the corpus; returns {file name: kind}."""
    dice, wanted = random.Random(seed), {}

    def write(kind, extension, text):
        name = f"{len(wanted):05}.{extension}"
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)
        wanted[name] = (kind, extension)

    for _ in range(each):
        for kind, make in TOKENS.items():
            for extension, text in contexts("SERVICE_TOKEN", make(dice)).items():
                write(kind, extension, text)
            # Under no telling name at all.
            write(kind, "md", f"# Notes\n\nWe log in with {make(dice)} for now.\n")
        for kind, (name, make) in NAMED.items():
            for extension, text in contexts(name, make(dice)).items():
                write(kind, extension, text)
        for kind, make in PASSWORDS.items():
            for extension, text in contexts("DATABASE_URL", make(dice)).items():
                write(kind, extension, text)
        for kind, make in KEYS.items():
            for extension, text in files_with_keys(make(dice)).items():
                write(kind, extension, text)
    return wanted


def everything(home):
    """No file is left out but by the gate."""
    return environment(home, OPENAI_API_KEY="none", SATCHEL_HIDDEN="true", SATCHEL_GITIGNORE="false",
                       SATCHEL_MAX_FILE_SIZE="1G")


def ask(satchel, folder, home, *more):
    """The document of a dry run."""
    subprocess.run([satchel, "init", "-q"], cwd=folder, env=everything(home), check=True)
    done = subprocess.run([satchel, "sync", "--to", "openai", "--dry-run", "--json", *more], cwd=folder,
                          env=everything(home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    shutil.rmtree(f"{folder}/.satchel")
    os.remove(f"{folder}/satchel.yaml")
    return json.loads(done.stdout)


def recall(options, work):
    folder = f"{work}/corpus"
    os.mkdir(folder)
    wanted = make_corpus(folder, 11, options.each)
    document = ask(options.satchel, folder, work)
    found = {secret["path"] for secret in document.get("secrets", [])}
    print(f"\n| corpus | files | found | share |\n| --- | --- | --- | --- |")
    kinds = list(dict.fromkeys(kind for kind, _ in wanted.values()))
    for kind in kinds:
        names = [name for name, (other, _) in wanted.items() if other == kind]
        hits = sum(name in found for name in names)
        if hits < len(names):
            missed = sorted({wanted[name][1] for name in names if name not in found})
            print(f"| {kind} | {len(names)} | {hits} | {hits / len(names):.1%} (missed in {', '.join(missed)}) |")
    print(f"| **all {len(kinds)} kinds** | {len(wanted)} | {len(found)} | {len(found) / len(wanted):.2%} |")


def foreign_recall(options, work):
    """What is found of secrets that were not made after the gate's own list."""
    folder = f"{work}/foreign"
    os.mkdir(folder)
    wanted = foreign_secrets.write(folder, 12, options.each)
    document = ask(options.satchel, folder, work)
    found = {secret["path"] for secret in document.get("secrets", [])}
    leaving = {action["path"] for action in document["actions"] if action["action"] == "upload"}
    print("\n| secrets from elsewhere | files | found | no file of a kind that is sent | would leave |"
          "\n| --- | --- | --- | --- | --- |")
    missed = {}
    for group in dict.fromkeys(group for group, _ in wanted.values()):
        names = [name for name, (other, _) in wanted.items() if other == group]
        hits = sum(name in found for name in names)
        gone = sum(name in leaving for name in names)
        print(f"| {group} | {len(names)} | {hits} ({hits / len(names):.1%}) | {len(names) - hits - gone} | {gone} |")
        for name in names:
            kind = missed.setdefault((group, wanted[name][1]), [0, 0])
            kind[0] += name in leaving
            kind[1] += 1
    print("\nWould leave: " + "; ".join(
        f"{kind} ({misses} of {count})" for (_, kind), (misses, count) in missed.items() if misses))


def mebibytes(folder):
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            if not os.path.islink(f"{path}/{name}"):
                total += os.path.getsize(f"{path}/{name}")
    return total / 2**20


def false_alarms(options, work):
    print("\n| folder | MiB that would leave | findings | files | findings per MiB | kinds |\n| --- | --- | --- | --- | --- | --- |")
    for number, origin in enumerate(options.folders):
        folder = f"{work}/real{number}"
        shutil.copytree(origin, folder, symlinks=True, ignore=shutil.ignore_patterns(".git"), ignore_dangling_symlinks=True)
        document = ask(options.satchel, folder, work)
        secrets = document.get("secrets", [])
        size = max(1, document["summary"]["bytes_uploaded"]) / 2**20
        kinds = {}
        for secret in secrets:
            kinds[secret["kind"]] = kinds.get(secret["kind"], 0) + 1
        words = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items(), key=lambda item: -item[1]))
        files = len({secret["path"] for secret in secrets})
        print(f"| {os.path.basename(origin.rstrip('/'))} | {size:.0f} | {len(secrets)} | {files} | "
              f"{len(secrets) / size:.3f} | {words or '–'} |")
        if options.list:
            for secret in secrets:
                print(f"{origin}/{secret['path']}:{secret['line']}:{secret['column']} {secret['kind']}", file=sys.stderr)
        shutil.rmtree(folder)


# The kinds of the corpus, as one would look for them by hand.
GREP = "|".join([
    "-----BEGIN [A-Z ]*PRIVATE KEY", "(AKIA|ASIA)[A-Z2-7]{16}", "sk-[A-Za-z0-9_-]{24,}", "AIza[A-Za-z0-9_-]{35}",
    "gh[pousr]_[A-Za-z0-9]{36}", "github_pat_[A-Za-z0-9_]{82}", "glpat-[A-Za-z0-9_-]{20}", "xox[bpars]-[A-Za-z0-9-]{24,}",
    "npm_[A-Za-z0-9]{36}", "hf_[A-Za-z0-9]{30,}", "SG\\.[A-Za-z0-9_.-]{60,}", "[sr]k_(live|test)_[A-Za-z0-9]{24,}",
    "eyJ[A-Za-z0-9_-]{12,}\\.eyJ[A-Za-z0-9_-]{12,}\\.[A-Za-z0-9_-]{20,}",
    "(secret|token|password|api_?key)[A-Za-z0-9_\"' ]*[:=] *[\"']?[A-Za-z0-9+/=_.-]{16,}", "://[^:/ ]+:[^@/ ]{8,}@",
])


def speed(options, work):
    """CPU time of a dry run with the gate and without, beside grep over the same files."""
    folder = f"{work}/code"
    os.mkdir(folder)
    text, size, number = [], 0, 0
    for origin in options.folders:
        for path, _, names in os.walk(origin):
            for name in names:
                whole = f"{path}/{name}"
                if name.endswith((".swift", ".py", ".h", ".c", ".hpp", ".md", ".rst")) and not os.path.islink(whole):
                    with open(whole, "rb") as file:
                        text.append(file.read())
                    size += len(text[-1])
                if size > 16 << 20:
                    with open(f"{folder}/{number}.txt", "wb") as file:
                        file.write(b"\n".join(text))
                    text, size, number = [], 0, number + 1
    with open(f"{folder}/{number}.txt", "wb") as file:
        file.write(b"\n".join(text))
    size = mebibytes(folder)

    def cpu(command, env=None):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    env = everything(work)
    subprocess.run([options.satchel, "init", "-q"], cwd=folder, env=env, check=True)
    sync = [options.satchel, "sync", "--to", "openai", "--dry-run", "-q"]
    gated, plain, grep = [], [], []
    for _ in range(options.runs):
        gated.append(cpu(sync, env))
        plain.append(cpu(sync, {**env, "SATCHEL_GATE_MODE": "off"}))
        # Counting: with its output thrown away grep would stop at the first match.
        grep.append(cpu(["grep", "-rcE", "--exclude-dir=.satchel", "-e", GREP, "."], {"LC_ALL": "C", "PATH": env["PATH"]}))
    with_gate, without, beside = map(statistics.median, (gated, plain, grep))
    print("\n| what | CPU | rate |\n| --- | --- | --- |")
    print(f"| dry run over {size:.0f} MiB of source, without the gate | {without:.2f} s | {size / without:.0f} MiB/s |")
    print(f"| the gate's share of it (reads, hashes and looks) | {with_gate - without:.2f} s | "
          f"{size / (with_gate - without):.0f} MiB/s |")
    print(f"| `grep -rcE` for the same kinds | {beside:.2f} s | {size / beside:.0f} MiB/s |")
    print(f"| gate : grep | {(with_gate - without) / beside:.2f}× | |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--satchel", default=SATCHEL)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--each", type=int, default=10, help="secrets of each kind and context")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("folders", nargs="*")
    options = parser.parse_args()
    options.satchel = os.path.abspath(options.satchel)
    options.folders = [os.path.abspath(folder) for folder in options.folders]
    work = os.path.realpath(tempfile.mkdtemp(prefix="satchel-gate-"))
    try:
        recall(options, work)
        foreign_recall(options, work)
        if options.folders:
            false_alarms(options, work)
            speed(options, work)
    finally:
        shutil.rmtree(work)


main()
