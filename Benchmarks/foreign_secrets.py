"""Secrets that were not made after the gate's own list: keys from the tools that make them, files as frameworks and
tools write them, and examples of documentation with their random part made anew. `gate.py` writes them into a folder.

Each writer yields (group, kind, file name, bytes). Nothing here is worth anything: keys are made on the spot, tokens
are random.
"""
import base64, json, os, random, re, shutil, string, subprocess, tempfile, zlib

HEX, DIGITS = "0123456789abcdef", string.digits
BASE62 = DIGITS + string.ascii_letters


def some(dice, alphabet, count):
    return "".join(dice.choice(alphabet) for _ in range(count))


def run(*command, **more):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **more).stdout


def keys(dice):
    """What openssl, ssh-keygen and gpg write, in all their formats, and the forms in which other tools carry it."""
    work = tempfile.mkdtemp(prefix="satchel-keys-")
    try:
        made = {}
        if shutil.which("openssl"):
            for name, options in [("rsa", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]), ("ed25519", ["ED25519"]),
                                  ("ec", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]), ("x25519", ["X25519"])]:
                pkcs8 = run("openssl", "genpkey", "-algorithm", *options)
                made[f"{name} PKCS#8"] = ("pem", pkcs8)
                made[f"{name} PKCS#8, encrypted"] = ("pem", run(
                    "openssl", "pkcs8", "-topk8", "-v2", "aes256", "-passout", "pass:x", input=pkcs8))
                made[f"{name} PKCS#8, DER"] = ("der", run(
                    "openssl", "pkcs8", "-topk8", "-nocrypt", "-outform", "DER", input=pkcs8))
                if name in ("rsa", "ec"):
                    made[f"{name} traditional"] = ("pem", run("openssl", name, "-traditional", input=pkcs8)
                                                   if name == "rsa" else run("openssl", "ec", input=pkcs8))
                    made[f"{name} traditional, DER"] = ("der", run("openssl", name, "-outform", "DER", *(
                        ["-traditional"] if name == "rsa" else []), input=pkcs8))
                    made[f"{name} traditional, encrypted"] = ("pem", run("openssl", name, "-aes128", "-passout", "pass:x", *(
                        ["-traditional"] if name == "rsa" else []), input=pkcs8))
            made["DSA traditional"] = ("pem", run("openssl", "gendsa", "/dev/stdin", input=run("openssl", "dsaparam", "1024")))
            made["with its parameters before it"] = ("pem", run("openssl", "ecparam", "-name", "prime256v1", "-genkey"))
            with open(f"{work}/key", "wb") as file:
                file.write(made["rsa PKCS#8"][1])
            run("openssl", "req", "-x509", "-new", "-key", f"{work}/key", "-subj", "/CN=x", "-out", f"{work}/crt")
            made["PKCS#12"] = ("p12", run("openssl", "pkcs12", "-export", "-inkey", f"{work}/key", "-in", f"{work}/crt",
                                          "-passout", "pass:x"))
            with open(f"{work}/crt", "rb") as file:
                certificate = file.read()
            made["behind its certificate"] = ("pem", certificate + made["rsa PKCS#8"][1])
        if shutil.which("ssh-keygen"):
            for kind in ["ed25519", "rsa", "ecdsa"]:
                for format, phrase in [("RFC4716", ""), ("RFC4716", "long one"), ("PEM", ""), ("PKCS8", "")]:
                    path = f"{work}/{kind}-{format}-{bool(phrase)}"
                    run("ssh-keygen", "-q", "-t", kind, "-m", format, "-N", phrase, "-f", path)
                    with open(path, "rb") as file:
                        made[f"ssh {kind} {format}{', encrypted' if phrase else ''}"] = ("", file.read())
        if shutil.which("gpg"):
            home = f"{work}/gpg"
            os.mkdir(home, 0o700)
            gpg = ["gpg", "--homedir", home, "--batch", "--passphrase", "", "--pinentry-mode", "loopback"]
            for algorithm in ["rsa2048", "ed25519"]:
                run(*gpg, "--quick-gen-key", f"{algorithm}@example.org", algorithm)
                made[f"gpg {algorithm}, armoured"] = ("asc", run(*gpg, "--armor", "--export-secret-keys", algorithm))
                made[f"gpg {algorithm}, binary"] = ("gpg", run(*gpg, "--export-secret-keys", algorithm))
            subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
        for kind, (extension, bytes) in made.items():
            yield "keys by openssl, ssh-keygen, gpg", kind, f"key.{extension}" if extension else "id_key", bytes
            if not bytes.startswith(b"-----BEGIN"):
                continue
            text = bytes.decode()
            carried = {
                "in JSON": ("json", json.dumps({"private_key": text})),
                "in JSON in a variable": ("env", "CREDENTIALS=" + json.dumps(json.dumps({"private_key": text}))),
                "one line of a variable": ("env", 'KEY="' + text.replace("\n", "\\n") + '"\n'),
                "with Windows line ends": ("pem", text.replace("\n", "\r\n")),
                "indented in YAML": ("yaml", "key: |\n" + "".join(f"      {line}\n" for line in text.splitlines())),
                "in base64": ("yaml", f"client-key-data: {base64.b64encode(bytes).decode()}\n"),
                "joined from strings": ("py", "KEY = (\n" + "".join(f"    '{l}\\n'\n" for l in text.splitlines()) + ")\n"),
                "in UTF-16": ("txt", None),
            }
            for way, (extension, content) in carried.items():
                data = content.encode() if content is not None else text.encode("utf-16")
                yield "the same keys, carried by other files", f"{kind}, {way}", f"key.{extension}", data
    finally:
        shutil.rmtree(work)


def files(d):
    """Files as frameworks and tools write them, each with the secrets such a file has."""
    alnum = lambda count: some(d, BASE62, count)
    hexa = lambda count: some(d, HEX, count)
    b64 = lambda count: base64.b64encode(d.randbytes(count)).decode()
    url = lambda count: base64.urlsafe_b64encode(d.randbytes(count)).decode().rstrip("=")
    symbols = BASE62 + "!#%&()*+,-./:;<=>?@[]^_{|}~"
    odd = lambda count: some(d, symbols, count)
    npm = "npm_" + alnum(30)
    rest, tail = zlib.crc32(npm[4:].encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        tail = (DIGITS + string.ascii_uppercase + string.ascii_lowercase)[digit] + tail
    jwk = {"kty": "EC", "crv": "P-256", "x": url(32), "y": url(32), "d": url(32)}
    yield "Laravel .env", ".env", f"APP_NAME=Shop\nAPP_ENV=production\nAPP_KEY=base64:{b64(32)}\nDB_HOST=127.0.0.1\n"
    yield "Laravel database", ".env", f"DB_CONNECTION=mysql\nDB_DATABASE=shop\nDB_USERNAME=shop\nDB_PASSWORD={alnum(20)}\n"
    yield "Symfony .env", ".env", f"APP_ENV=prod\nAPP_SECRET={hexa(32)}\nMAILER_DSN=smtp://localhost\n"
    yield "Symfony address", ".env", f'DATABASE_URL="mysql://app:{alnum(16)}@10.0.0.5:3306/app?serverVersion=8"\n'
    yield "Django settings", "settings.py", f"DEBUG = False\nSECRET_KEY = 'django-insecure-{some(d, string.ascii_lowercase + DIGITS + '!@#$%^&*(-_=+)', 50)}'\n"
    yield "Django settings, own key", "settings.py", f"SECRET_KEY = \"{some(d, string.ascii_lowercase + DIGITS + '!@#$%^&*(-_=+)', 50)}\"\n"
    yield "Rails secrets.yml", "secrets.yml", f"production:\n  secret_key_base: {hexa(128)}\n"
    yield "Rails master.key", "master.key", hexa(32)
    yield "Rails database.yml", "database.yml", f"production:\n  adapter: postgresql\n  username: app\n  password: {alnum(24)}\n"
    yield "Next.js .env.local", ".env.local", f"NEXTAUTH_URL=http://localhost:3000\nNEXTAUTH_SECRET={b64(32)}\n"
    yield "OAuth client in .env", ".env", f"GITHUB_ID=Iv1.{hexa(16)}\nGITHUB_SECRET={hexa(40)}\n"
    yield "Rails-like dotenv with comment", ".env", f"STRIPE_API_KEY=sk_live_{alnum(24)} # production\n"
    yield "exported, single quotes", ".envrc", f"export TWILIO_AUTH_TOKEN='{hexa(32)}'\n"
    yield "spaces around the sign", ".env", f"SENDGRID_API_KEY = \"SG.{url(16)}.{url(32)}\"\n"
    yield "WordPress wp-config.php", "wp-config.php", f"<?php\ndefine( 'AUTH_KEY',         '{odd(64)}' );\n"
    yield "WordPress database", "wp-config.php", f"<?php\ndefine( 'DB_PASSWORD', '{alnum(18)}' );\n"
    yield "Magento env.php", "env.php", f"<?php\nreturn [\n  'crypt' => [\n    'key' => '{hexa(32)}'\n  ],\n];\n"
    yield "PHP array", "config.php", f"<?php return ['password' => '{alnum(20)}'];\n"
    yield "Spring properties", "application.properties", f"spring.datasource.username=app\nspring.datasource.password={alnum(20)}\n"
    yield "Spring YAML", "application.yml", f"spring:\n  datasource:\n    username: app\n    password: {alnum(20)}\n"
    yield "ASP.NET appsettings.json", "appsettings.json", json.dumps({"ConnectionStrings": {"Default": f"Server=db;Database=app;User Id=sa;Password={alnum(20)};"}})
    yield "Azure storage connection", "local.settings.json", json.dumps({"Values": {"AzureWebJobsStorage": f"DefaultEndpointsProtocol=https;AccountName=app;AccountKey={b64(64)};EndpointSuffix=core.windows.net"}})
    yield "Azure service principal", "sp.json", json.dumps({"appId": "5a1c", "password": alnum(3) + "8Q~" + alnum(34), "tenant": "7f3e"}, indent=1)
    yield "AWS credentials", "credentials", f"[default]\naws_access_key_id = AKIA{some(d, string.ascii_uppercase + '234567', 16)}\naws_secret_access_key = {b64(30)}\n"
    yield "AWS secret key alone", "credentials", f"[default]\naws_secret_access_key = {b64(30)}\n"
    yield "AWS session token", "env.sh", f"export AWS_SESSION_TOKEN={b64(240)}\n"
    yield "gcloud ADC", "application_default_credentials.json", json.dumps({"client_id": "1.apps", "client_secret": "d-" + url(16), "refresh_token": "1//0g" + url(72), "type": "authorized_user"}, indent=2)
    yield "Firebase google-services.json", "google-services.json", json.dumps({"client": [{"api_key": [{"current_key": "AIzaSy" + url(30)[:33]}]}]}, indent=2)
    yield "Docker config.json", "config.json", json.dumps({"auths": {"registry.example.com": {"auth": base64.b64encode(f"ci:{alnum(24)}".encode()).decode()}}}, indent=2)
    yield "npmrc", ".npmrc", f"//registry.example.com/:_authToken={npm + tail}\n"
    yield "npmrc, other registry", ".npmrc", f"//registry.example.com/:_authToken={hexa(8)}-{hexa(4)}-{hexa(4)}-{hexa(4)}-{hexa(12)}\n"
    yield "pypirc", ".pypirc", f"[pypi]\nusername = __token__\npassword = pypi-AgEIcHlwaS5vcmc{url(100)}\n"
    yield "netrc", ".netrc", f"machine git.corp.lan login ci password {alnum(24)}\n"
    yield "netrc, several lines", ".netrc", f"machine git.corp.lan\n  login ci\n  password {alnum(24)}\n"
    yield "pgpass", ".pgpass", f"db.corp.lan:5432:app:app:{alnum(24)}\n"
    yield "git-credentials", ".git-credentials", f"https://ci:{alnum(30)}@git.corp.lan\n"
    yield "git remote with token", "config", f"[remote \"origin\"]\n\turl = https://oauth2:glpat-{alnum(20)}@gitlab.corp.lan/a/b.git\n"
    yield "kubeconfig token", "config", f"users:\n- name: ci\n  user:\n    token: {url(60)}\n"
    yield "Kubernetes Secret", "secret.yaml", f"apiVersion: v1\nkind: Secret\ndata:\n  password: {base64.b64encode(alnum(24).encode()).decode()}\n"
    yield "Kubernetes Secret, stringData", "secret.yaml", f"kind: Secret\nstringData:\n  api-key: {alnum(32)}\n"
    yield "Helm values", "values.yaml", f"postgresql:\n  auth:\n    postgresPassword: {alnum(16)}\n"
    yield "docker-compose list", "docker-compose.yml", f"services:\n  db:\n    environment:\n      - POSTGRES_PASSWORD={alnum(20)}\n"
    yield "docker-compose map", "docker-compose.yml", f"services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: \"{alnum(20)}\"\n"
    yield "Dockerfile", "Dockerfile", f"FROM debian\nENV API_TOKEN={alnum(32)}\n"
    yield "Terraform variables", "terraform.tfvars", f"db_password = \"{alnum(20)}\"\nregion = \"eu\"\n"
    yield "Terraform state", "terraform.tfstate", json.dumps({"resources": [{"instances": [{"attributes": {"master_password": alnum(20)}}]}]}, indent=2)
    yield "Ansible vars", "vars.yml", f"mysql_root_password: {alnum(20)}\n"
    yield "GitHub workflow", "ci.yml", f"env:\n  DEPLOY_TOKEN: {alnum(40)}\n"
    yield "Maven settings.xml", "settings.xml", f"<server><id>r</id><username>ci</username><password>{alnum(20)}</password></server>\n"
    yield "Gradle properties", "gradle.properties", f"signing.password={alnum(20)}\n"
    yield "Cargo credentials", "credentials.toml", f"[registry]\ntoken = \"cio{alnum(32)}\"\n"
    yield "WireGuard", "wg0.conf", f"[Interface]\nPrivateKey = {b64(32)}\nAddress = 10.0.0.1/24\n"
    yield "OpenVPN static key", "static.key", "-----BEGIN OpenVPN Static key V1-----\n" + "\n".join(hexa(32) for _ in range(16)) + "\n-----END OpenVPN Static key V1-----\n"
    yield "PuTTY key", "key.ppk", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: 2\n" + b64(48) + "\n" + b64(20) + "\nPrivate-Lines: 1\n" + b64(33) + "\nPrivate-MAC: " + hexa(64) + "\n"
    yield "JSON web key", "jwk.json", json.dumps(jwk)
    yield "JSON web key, indented", "jwk.json", json.dumps({"keys": [jwk]}, indent=2)
    yield "age key file", "key.txt", "# created: 2026-01-31T12:00:00Z\n# public key: age1x\nAGE-SECRET-KEY-1" + some(d, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58) + "\n"
    yield "curl with a bearer", "call.sh", f"curl -H 'Authorization: Bearer {alnum(40)}' https://api.example.com\n"
    yield "curl with a header", "call.sh", f"curl -H \"X-Api-Key: {alnum(32)}\" https://api.example.com\n"
    yield "curl with a user", "call.sh", f"curl -u ci:{alnum(24)} https://api.example.com\n"
    yield "MongoDB address", "app.js", f"mongoose.connect('mongodb+srv://app:{alnum(16)}@cluster0.abcde.mongodb.net/app')\n"
    yield "Redis address", "app.rb", f"Redis.new(url: 'redis://:{alnum(32)}@cache.corp.lan:6379/0')\n"
    yield "AMQP address", "config.exs", f"config :app, amqp: \"amqp://app:{alnum(16)}@mq.corp.lan\"\n"
    yield "Phoenix secret", "config.exs", f"config :app, AppWeb.Endpoint, secret_key_base: \"{b64(48)}\"\n"
    yield "Slack hook in YAML", "alerts.yml", f"slack_api_url: https://hooks.slack.com/services/T{some(d, string.ascii_uppercase + DIGITS, 8)}/B{some(d, string.ascii_uppercase + DIGITS, 8)}/{alnum(24)}\n"
    yield "Jupyter notebook", "a.ipynb", json.dumps({"cells": [{"source": [f"openai.api_key = \"sk-{alnum(20)}T3BlbkFJ{alnum(20)}\"\n"]}]})
    yield "Android local.properties", "local.properties", f"storePassword={alnum(16)}\nkeyPassword={alnum(16)}\n"
    yield "Xcode xcconfig", "Secrets.xcconfig", f"API_KEY = {alnum(32)}\n"
    yield "plist", "Info.plist", f"<key>APIKey</key>\n<string>{alnum(39)}</string>\n"
    yield "shell function argument", "deploy.sh", f"login --password={alnum(20)} --user ci\n"
    yield "shell history", ".bash_history", f"mysql -u root -p{alnum(16)} app\n"
    yield "basic authorization", "call.http", f"GET / HTTP/1.1\nAuthorization: Basic {base64.b64encode(f'ci:{alnum(24)}'.encode()).decode()}\n"


# As documentation prints them: service, example. The random part of each is made anew, letter by letter of its kind.
DOCUMENTED = [
    ("AWS access key id", "aws_access_key_id=", "AKIA", "IOSFODNN7QXAMPLZ"),
    ("AWS secret", "aws_secret_access_key=", "", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYQXAMPLZKEY"),
    ("Stripe test key", "", "sk_test_", "4eC39HqLyjWDarjtT1zdp7dc"),
    ("Stripe restricted key", "", "rk_live_", "51H2kLmEZcVbNqXw8PzTyRuIoA"),
    ("Stripe webhook", "", "whsec_", "5kGm3pQ8yZ1xW7vT9rS2nL4jH6fD0aBc"),
    ("SendGrid", "", "SG.", "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc-1s5cr"),
    ("Mailgun", "", "key-", "3ax6xnjp29jd6fds4gc373sgvjxteol0"),
    ("Mailgun, hexadecimal", "", "key-", "8c4d9a01f2e7b635c4d9a01f2e7b6350"),
    ("Google API key", "", "AIzaSy", "DaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe"),
    ("Google OAuth access token", "", "ya29.", "a0AfH6SMBx7Qk3L2mN8pR5tV9wXyZ1bC4dE6fG0hJ2kL4mN6pQ8rS0tU2vW4xY6zA8bC0dE2fG4hJ6kL8"),
    ("Google refresh token", '"refresh_token": "', "1//0g", "dR7x2cQ9kLmNCgYIARAAGBASNwF-L9IrT4uXyZ8vB3nM6kJ1hG5fD2sA0pQ7wE"),
    ("Telegram", "", "", "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawQ"),
    ("Slack bot", "", "xoxb-", "263594206564-2343594206574-FGqddMF8t08v8N7Oq4i57vs1"),
    ("Slack user", "", "xoxp-", "263594206564-263594206564-263594206564-2a7c9d4e6f8b1a3c5d7e9f0a2b4c6d8e"),
    ("Slack app", "", "xapp-", "1-A02BCDEF3GH-2345678901234-4f6d8b0a2c4e6f8a0b2c4d6e8f0a2b4c6d8e0f2a4b6c8d0e2f4a6b8c0d2e4f6a"),
    ("Discord bot token", "DISCORD_TOKEN=", "", "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"),
    ("Twilio API key", "TWILIO_API_KEY=", "SK", "2a0747eba6abf96b7e3c3ff0b4530f6e"),
    ("Twilio auth token", "TWILIO_AUTH_TOKEN=", "", "15b8f9a3c7d2e4f60b1a5c8d9e7f3a2b"),
    ("Cloudflare token", "CLOUDFLARE_API_TOKEN=", "", "1mB3kz9XqW7vT5rP0nL8jH6fD4sA2gK9cV1bN3mQ"),
    ("Mapbox secret", "", "sk.eyJ", "1IjoiZXhhbXBsZSIsImEiOiJja2x4OHk5ejAwMDAxMnBwNjg3NnF3ZXJ0In0.kQ8vX2mN5pR7tW9yZ1bC3d"),
    ("Facebook token", "FB_ACCESS_TOKEN=", "EAA", "CEdEose0cBAKZCyZBq7mXw3nRtYpLkJhGfDsAqWeRtYuIoPlKjHgFdSaZxCvBnMqWeRtYuIo"),
    ("Twitter bearer", "TWITTER_BEARER_TOKEN=", "AAAAAAAAAAAAAAAAAAAAA", "MLheAAAAAAA0%2BuSeid%2BULvsea4JtiGRiSDSJSI%3DEUifiRBkKG5E2XzMDjRfl76ZC9Ub0wnz4XsNiRVBChTYbJcE3F"),
    ("Algolia admin key", "ALGOLIA_ADMIN_KEY=", "", "6be0576ff61c053d5f9a3225e2a90f76"),
    ("Datadog", "DD_API_KEY=", "", "a1b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5"),
    ("Square", "", "sq0atp-", "Z7x2cQ9kLmN4vB8wT1yR5a"),
    ("Okta", "OKTA_API_TOKEN=", "00", "QCjAl4MlV-WPXM0ac7x2cQ9kLmN4vB8wT1yR5aH6"),
    ("Azure AD secret", "AZURE_CLIENT_SECRET=", "", "mN48Q~x2cQ9kLmN4vB8wT1yR5aZ7d0fHjKpLsE"),
    ("Bitbucket app password", "", "ATBB", "x2cQ9kLmN4vB8wT1yR5aZ7d0fHjK1A2B3C4D"),
    ("Anthropic", "", "sk-ant-api03-", "R2D2x9kLmN4vB8wT1yR5aZ7d0fHjKpLsEqWeRtYuIoPlKjHgFdSaZxCvBnMqWeRtYuIoPaSdFgHjKlZxCvBnM1234qwer-xyzAAAA"),
    ("OpenAI service account", "", "sk-svcacct-", "Qx9kLmN4vB8wT1yR5aZ7d0fHjKpLsEqWeRtYuIoPlKjHgFdSaZxT3BlbkFJCvBnMqWeRtYuIoPaSdFgHjKlZxCvBnM12"),
    ("Hugging Face", "", "hf_", "qWeRtYuIoPaSdFgHjKlZxCvBnMqWeRtYuI"),
    ("GitLab", "", "glpat-", "x2cQ9kLmN4vB8wT1yR5a"),
    ("Vault", "", "hvs.", "CAESIJlU02LQZq6x2cQ9kLmN4vB8wT1yR5aZ7d0fHjKGh4KHGh2cy5x2cQ9kLmN4vB8wT1yR5aZ7d0fHjK"),
    ("PostgreSQL address", "", "postgresql://app:", "x2cQ9kLmN4vB8w@db.corp.lan:5432/app"),
    ("JSON web token", "", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI3NzIxMDk0IiwibmFtZSI6IkFkYSBMLiIsImlhdCI6MTc5NjEyMzQ1Nn0.", "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"),
]


def mutated(dice, text):
    """Each letter and digit by another of its kind; what separates them stays."""
    if "@" in text:
        head, tail = text.split("@", 1)
        return mutated(dice, head) + "@" + tail
    kinds = [string.ascii_lowercase, string.ascii_uppercase, DIGITS]
    if re.fullmatch(r"[0-9a-f]+", text):
        kinds = [HEX]
    return "".join(next((dice.choice(kind) for kind in kinds if c in kind), c) for c in text)


def documented(dice):
    for kind, before, prefix, body in DOCUMENTED:
        body = some(dice, string.ascii_uppercase + "234567", 16) if prefix == "AKIA" else mutated(dice, body)
        if kind == "Telegram":
            number, rest = body.split(":")
            body = f"{number}:AA{rest[2:]}"
        end = '"' if before.endswith('"') else ""
        yield kind, "note.env" if before else "note.md", (before or "We use ") + prefix + body + end + "\n"


def write(folder, seed, each):
    """Writes all of them; returns {path: (group, kind)}."""
    dice, wanted = random.Random(seed), {}

    def add(group, kind, name, content):
        place = f"{len(wanted):04}"
        os.makedirs(f"{folder}/{place}")
        with open(f"{folder}/{place}/{name}", "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        wanted[f"{place}/{name}"] = (group, kind)

    for item in keys(dice):
        add(*item)
    for _ in range(each):
        for kind, name, text in files(dice):
            add("files as frameworks and tools write them", kind, name, text)
        for kind, name, text in documented(dice):
            add("examples of documentation, made anew", kind, name, text)
    return wanted
