#!/usr/bin/env python3
"""Writes the table of published prices, Sources/SatchelCore/Money/PublishedPrices.swift.

    scripts/prices.py FILE --source "LiteLLM 1.109.1" --date 2026-11-21

FILE is a model_prices_and_context_window.json as LiteLLM keeps it (MIT licence); the PyPI package has one inside. Only
figures and names are taken over, of chat models of the five providers, at the usual service tier. What is free there,
or has no figure, is left out: a model that is not in the table is unpriced.
"""

import argparse
import decimal
import json
import re

PROVIDERS = ["anthropic", "gemini", "mistral", "openai", "xai"]
FIGURES = ["input_cost_per_token", "cache_read_input_token_cost", "cache_creation_input_token_cost",
           "output_cost_per_token", "output_cost_per_reasoning_token"]


def figure(entry, key):
    """US dollars for a million tokens as text; `-` where there is no figure."""
    value = entry.get(key)
    if not isinstance(value, (int, float, decimal.Decimal)) or value <= 0:
        return "-"
    exact = (decimal.Decimal(value) * 1_000_000).quantize(decimal.Decimal("1e-10")).normalize()
    return format(exact, "f")


def step(entry):
    """Input tokens above which other figures hold; nil when the same hold always."""
    found = [int(m[1]) for m in (re.fullmatch(r"input_cost_per_token_above_(\d+)k_tokens", k) for k in entry) if m]
    return min(found) if found else None


def lines(entries, day):
    for name, entry in entries.items():
        provider = entry.get("litellm_provider")
        if provider not in PROVIDERS or entry.get("mode") not in ("chat", "responses"):
            continue
        if entry.get("deprecation_date", "9") < day:
            continue
        model = name.removeprefix(provider + "/")
        if "/" in model or ":" in model or " " in model:
            continue
        figures = [figure(entry, key) for key in FIGURES]
        if figures[0] == "-" or figures[3] == "-":
            continue
        above = step(entry)
        if above:
            figures.append(str(above * 1000))
            figures += [figure(entry, f"{key}_above_{above}k_tokens") for key in FIGURES]
        while figures[-1] == "-":
            figures.pop()
        yield " ".join([provider, model] + figures)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--source", required=True)
    parser.add_argument("--date", required=True)
    parser.add_argument("--output", default="Sources/SatchelCore/Money/PublishedPrices.swift")
    asked = parser.parse_args()
    with open(asked.file) as file:
        entries = json.load(file, parse_float=decimal.Decimal)
    table = sorted(set(lines(entries, asked.date)))
    with open(asked.output, "w") as out:
        out.write(f'''// Written by scripts/prices.py; edit that, or `prices` in your configuration.

/// Prices of models as they were published, one line each.
///
/// Provider, model, and US dollars for a million tokens: input, read from the cache, written to it, output, reasoning;
/// then input tokens of one question above which the figures behind them hold. `-` where there is none of its own.
enum PublishedPrices {{
    static let source = "{asked.source}"
    static let date = "{asked.date}"

    static let lines = """
''')
        out.writelines(f"        {line}\n" for line in table)
        out.write('        """\n}\n')
    print(f"{len(table)} models")


main()
