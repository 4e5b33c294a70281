#!/usr/bin/env bash
# Lets the providers' official SDKs of 2026 talk to the loopback providers, and checks what goes over the wire against
# what the providers publish. See README.md beside this file.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
packages=${SATCHEL_SDK_PACKAGES:-${XDG_CACHE_HOME:-$HOME/.cache}/satchel-sdks}
python=${SATCHEL_SDK_PYTHON:-$packages/bin/python}

if ! "$python" -c 'import openai, anthropic, google.genai, mistralai, jsonschema_rs' 2>/dev/null; then
    base=$(command -v python3.13 || command -v python3.12 || command -v python3)
    "$base" -m venv "$packages"
    "$packages/bin/pip" install --quiet openai==3.52.0 anthropic==2.11.0 google-genai==3.4.0 mistralai==3.7.0 \
        jsonschema-rs pyyaml google-ai-generativelanguage
    python=$packages/bin/python
fi

cd "$root"
swift build --build-tests --quiet
SATCHEL_SDK_PYTHON=$python swift test --skip-build --disable-xctest --filter 'SDKClientTests|WireCheckTests|WireTests'
