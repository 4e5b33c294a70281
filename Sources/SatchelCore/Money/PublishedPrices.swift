// Written by scripts/prices.py; edit that, or `prices` in your configuration.

/// Prices of models as they were published, one line each.
///
/// Provider, model, and US dollars for a million tokens: input, read from the cache, written to it, output, reasoning;
/// then input tokens of one question above which the figures behind them hold. `-` where there is none of its own.
enum PublishedPrices {
    static let source = "LiteLLM 1.109.1"
    static let date = "2026-11-21"

    static let lines = """
        anthropic claude-fable-5 10 1 12.5 50
        anthropic claude-fable-5-1 10 0.25 12.5 50
        anthropic claude-haiku-4-5 1 0.1 1.25 5
        anthropic claude-haiku-4-5-20251001 1 0.1 1.25 5
        anthropic claude-haiku-5-5 0.1 0.01 0.125 0.5 - 100000 0.5 0.05 0.625 2.5
        anthropic claude-mythos-5 10 1 12.5 50
        anthropic claude-mythos-5-1 10 0.25 12.5 50
        anthropic claude-opus-4-5 5 0.5 6.25 25
        anthropic claude-opus-4-5-20251101 5 0.5 6.25 25
        anthropic claude-opus-4-6 5 0.5 6.25 25
        anthropic claude-opus-4-6-20260205 5 0.5 6.25 25
        anthropic claude-opus-4-7 5 0.5 6.25 25
        anthropic claude-opus-4-7-20260416 5 0.5 6.25 25
        anthropic claude-opus-4-8 5 0.5 6.25 25
        anthropic claude-opus-5 5 0.5 6.25 25
        anthropic claude-opus-5-5 4 0.2 5 20
        anthropic claude-sonnet-4-5 3 0.3 3.75 15
        anthropic claude-sonnet-4-5-20250929 3 0.3 3.75 15
        anthropic claude-sonnet-4-6 3 0.3 3.75 15
        anthropic claude-sonnet-5 2 0.2 2.5 10
        anthropic claude-sonnet-5-5 2 0.1 2.5 10
        gemini deep-research-max-preview-04-2026 2 - - 12
        gemini deep-research-preview-04-2026 2 - - 12
        gemini gemini-2.5-flash 0.3 0.03 - 2.5 2.5
        gemini gemini-2.5-flash-lite 0.1 0.01 - 0.4 0.4
        gemini gemini-2.5-pro 1.25 0.125 - 10 - 200000 2.5 0.25 - 15
        gemini gemini-3-flash-preview 0.5 0.05 - 3 3
        gemini gemini-3.1-flash-lite 0.25 0.025 - 1.5 1.5
        gemini gemini-3.1-pro-preview 2 0.2 - 12 - 200000 4 0.4 - 18
        gemini gemini-3.1-pro-preview-customtools 2 0.2 - 12 - 200000 4 0.4 - 18
        gemini gemini-3.5-flash 1.5 0.15 - 9 9
        gemini gemini-3.5-flash-lite 0.3 0.03 - 2.5 2.5
        gemini gemini-3.6-flash 0.75 0.075 - 3.75 3.75
        gemini gemini-3.7-flash 0.75 0.075 - 3.75 3.75
        gemini gemini-3.8-flash 0.75 0.075 - 3.75 3.75
        gemini gemini-4-argon 2 0.1 - 10 10
        gemini gemini-exp-1206 0.3 0.03 - 2.5 2.5
        gemini gemini-flash-latest 0.75 0.075 - 3.75 3.75
        gemini gemini-flash-lite-latest 0.3 0.03 - 2.5 2.5
        gemini gemini-gemma-2-27b-it 0.35 - - 1.05
        gemini gemini-gemma-2-9b-it 0.35 - - 1.05
        gemini gemini-omni-1.1-flash 1.5 - - 9 9
        gemini gemini-pro-latest 2 0.2 - 12 - 200000 4 0.4 - 18
        gemini gemini-robotics-er-2-preview 1 0.1 - 5 5
        gemini gemini-robotics-er-2-streaming-preview 1 - - 5
        mistral codestral-2508 0.3 0.03 - 0.9
        mistral codestral-latest 0.3 0.03 - 0.9
        mistral codestral-mamba-latest 0.25 0.025 - 0.25
        mistral deepseek-v4-1-flash-1017 0.3 0.007 - 1.2
        mistral devstral-latest 0.4 0.04 - 2
        mistral devstral-medium-latest 0.4 0.04 - 2
        mistral devstral-small-latest 0.1 0.01 - 0.3
        mistral glm-5-2 1.4 0.14 - 4.4
        mistral magistral-medium-latest 1.5 0.15 - 7.5
        mistral magistral-small-latest 0.15 0.015 - 0.6
        mistral ministral-14b-2512 0.2 0.02 - 0.2
        mistral ministral-14b-latest 0.2 0.02 - 0.2
        mistral ministral-3-14b-2512 0.2 0.02 - 0.2
        mistral ministral-3-3b-2512 0.1 0.01 - 0.1
        mistral ministral-3-8b-2512 0.15 0.015 - 0.15
        mistral ministral-3b-2512 0.1 0.01 - 0.1
        mistral ministral-3b-latest 0.1 0.01 - 0.1
        mistral ministral-8b-2512 0.15 0.015 - 0.15
        mistral ministral-8b-latest 0.15 0.015 - 0.15
        mistral mistral-code-agent-latest 0.4 0.04 - 2
        mistral mistral-code-fim-latest 0.3 0.03 - 0.9
        mistral mistral-code-latest 0.3 0.03 - 0.9
        mistral mistral-large-2512 0.5 0.05 - 1.5
        mistral mistral-large-3 0.5 0.05 - 1.5
        mistral mistral-large-4 1.36 0.14 - 4.18
        mistral mistral-large-4-0 1.36 0.14 - 4.18
        mistral mistral-large-latest 0.5 0.05 - 1.5
        mistral mistral-medium 1.5 0.15 - 7.5
        mistral mistral-medium-2604 1.5 0.15 - 7.5
        mistral mistral-medium-3 1.5 0.15 - 7.5
        mistral mistral-medium-3-5 1.5 0.15 - 7.5
        mistral mistral-medium-3.5 1.5 0.15 - 7.5
        mistral mistral-medium-latest 1.5 0.15 - 7.5
        mistral mistral-small 0.1 0.01 - 0.3
        mistral mistral-small-2603 0.15 0.015 - 0.6
        mistral mistral-small-latest 0.15 0.015 - 0.6
        mistral mistral-tiny 0.25 0.025 - 0.25
        mistral mistral-vibe-cli-fast 0.15 0.015 - 0.6
        mistral mistral-vibe-cli-latest 1.5 0.15 - 7.5
        mistral mistral-vibe-cli-with-tools 1.5 0.15 - 7.5
        mistral open-mistral-nemo 0.3 0.03 - 0.3
        mistral pixtral-large-latest 2 0.2 - 6
        mistral voxtral-small-2507 0.1 0.01 - 0.4
        mistral voxtral-small-latest 0.1 0.01 - 0.4
        mistral zai-glm-5 1.4 0.14 - 4.4
        mistral zai-glm-5-3 1.4 0.14 - 4.4
        mistral zai-glm-5-3-flash 0.15 0.03 - 0.5
        mistral zai-glm-latest 1.4 0.14 - 4.4
        openai chat-latest 5 0.5 - 30
        openai daybreak-blue-latest 4 0.4 5 20 - 272000 8 0.8 10 30
        openai daybreak-red-latest 12.5 1.25 15.625 75 - 272000 25 2.5 31.25 112.5
        openai gpt-4.1 2 0.5 - 8
        openai gpt-4.1-2025-04-14 2 0.5 - 8
        openai gpt-4.1-mini 0.4 0.1 - 1.6
        openai gpt-4.1-mini-2025-04-14 0.4 0.1 - 1.6
        openai gpt-4o 2.5 1.25 - 10
        openai gpt-4o-2024-08-06 2.5 1.25 - 10
        openai gpt-4o-2024-11-20 2.5 1.25 - 10
        openai gpt-4o-audio-preview-2024-12-17 2.5 - - 10
        openai gpt-4o-audio-preview-2025-06-03 2.5 - - 10
        openai gpt-4o-mini 0.15 0.075 - 0.6
        openai gpt-4o-mini-2024-07-18 0.15 0.075 - 0.6
        openai gpt-4o-mini-audio-preview-2024-12-17 0.15 - - 0.6
        openai gpt-4o-mini-search-preview 0.15 0.075 - 0.6
        openai gpt-4o-search-preview 2.5 1.25 - 10
        openai gpt-5 1.25 0.125 - 10
        openai gpt-5-2025-08-07 1.25 0.125 - 10
        openai gpt-5-mini 0.25 0.025 - 2
        openai gpt-5-mini-2025-08-07 0.25 0.025 - 2
        openai gpt-5-nano 0.05 0.005 - 0.4
        openai gpt-5-nano-2025-08-07 0.05 0.005 - 0.4
        openai gpt-5-pro 15 - - 120
        openai gpt-5-pro-2025-10-06 15 - - 120
        openai gpt-5-search-api 1.25 0.125 - 10
        openai gpt-5-search-api-2025-10-14 1.25 0.125 - 10
        openai gpt-5.1 1.25 0.125 - 10
        openai gpt-5.1-2025-11-13 1.25 0.125 - 10
        openai gpt-5.2 1.75 0.175 - 14
        openai gpt-5.2-2025-12-11 1.75 0.175 - 14
        openai gpt-5.2-pro 21 - - 168
        openai gpt-5.2-pro-2025-12-11 21 - - 168
        openai gpt-5.3-codex 1.75 0.175 - 14
        openai gpt-5.4 2.5 0.25 - 15 - 272000 5 0.5 - 22.5
        openai gpt-5.4-2026-03-05 2.5 0.25 - 15 - 272000 5 0.5 - 22.5
        openai gpt-5.4-mini 0.75 0.075 - 4.5
        openai gpt-5.4-mini-2026-03-17 0.75 0.075 - 4.5
        openai gpt-5.4-nano 0.2 0.02 - 1.25
        openai gpt-5.4-nano-2026-03-17 0.2 0.02 - 1.25
        openai gpt-5.4-pro 30 - - 180 - 272000 60 - - 270
        openai gpt-5.4-pro-2026-03-05 30 - - 180 - 272000 60 - - 270
        openai gpt-5.5 5 0.5 - 30 - 272000 10 1 - 45
        openai gpt-5.5-2026-04-23 5 0.5 - 30 - 272000 10 1 - 45
        openai gpt-5.5-cyber 12.5 1.25 - 75
        openai gpt-5.5-cyber-preview 12.5 1.25 - 75
        openai gpt-5.5-pro 30 - - 180 - 272000 60 - - 270
        openai gpt-5.5-pro-2026-04-23 30 - - 180 - 272000 60 - - 270
        openai gpt-5.6 4 0.4 5 20 - 272000 8 0.8 10 30
        openai gpt-5.6-cyber 12.5 1.25 15.625 75 - 272000 25 2.5 31.25 112.5
        openai gpt-5.6-luna 0.2 0.02 0.25 1.2 - 272000 0.4 0.04 0.5 1.8
        openai gpt-5.6-sol 4 0.4 5 20 - 272000 8 0.8 10 30
        openai gpt-5.6-terra 2 0.2 2.5 12 - 272000 4 0.4 5 18
        openai gpt-6-astra 10 1 12.5 50 - 272000 20 2 25 75
        openai gpt-6-astra-law 10 1 - 50
        openai gpt-6-luna 0.1 0.01 0.125 0.5 - 272000 0.2 0.02 0.25 0.75
        openai gpt-6-rosalind 15 1.5 18.75 75 - 272000 30 3 37.5 112.5
        openai gpt-6-sol 2 0.2 2.5 10 - 272000 4 0.4 5 15
        openai gpt-6.1-sol 2 0.1 2.5 10 - 272000 4 0.2 5 15
        openai gpt-6.1-terra 1 0.05 1.25 5 - 272000 2 0.1 2.5 7.5
        openai gpt-audio 2.5 - - 10
        openai gpt-audio-1.5 2.5 - - 10
        openai gpt-audio-2025-08-28 2.5 - - 10
        openai gpt-audio-mini 0.6 - - 2.4
        openai gpt-audio-mini-2025-12-15 0.6 - - 2.4
        openai gpt-daybreak-blue-latest 4 0.4 5 20 - 272000 8 0.8 10 30
        openai gpt-daybreak-red-latest 12.5 1.25 15.625 75 - 272000 25 2.5 31.25 112.5
        openai gpt-rosalind-discovery 5 0.5 - 25
        openai gpt-rosalind-research 5 0.5 - 25
        openai o3 2 0.5 - 8
        openai o3-2025-04-16 2 0.5 - 8
        openai o3-pro 20 - - 80
        openai o3-pro-2025-06-10 20 - - 80
        xai grok-4.20 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-0309 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-0309-non-reasoning 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-0309-reasoning 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-beta 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-beta-0309 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-beta-0309-non-reasoning 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-beta-0309-reasoning 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-beta-latest 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-beta-latest-non-reasoning 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-beta-latest-reasoning 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-beta-non-reasoning 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-beta-reasoning 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-experimental-beta-0304 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-experimental-beta-0304-non-reasoning 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-experimental-beta-0304-reasoning 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-experimental-beta-latest 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-experimental-beta-non-reasoning-latest 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-experimental-beta-reasoning-latest 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-multi-agent 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-multi-agent-0309 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-multi-agent-beta-0309 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-multi-agent-beta-latest 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-multi-agent-experimental-beta-0304 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-multi-agent-experimental-beta-latest 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-multi-agent-latest 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-non-reasoning 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-non-reasoning-gv2 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-non-reasoning-latest 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-reasoning 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-reasoning-gv2 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.20-reasoning-latest 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.3 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.3-latest 1.25 0.2 - 2.5 - 200000 2.5 0.4 - 5
        xai grok-4.5 2 0.3 - 6 - 200000 4 0.6 - 12
        xai grok-4.5-latest 2 0.3 - 6 - 200000 4 0.6 - 12
        xai grok-4.6 2 0.5 - 6 - 200000 4 1 - 12
        xai grok-4.7 2 0.5 - 6 - 200000 4 1 - 12
        xai grok-build-0.1 1 0.2 - 2 - 200000 2 0.4 - 4
        xai grok-build-latest 2 0.3 - 6 - 200000 4 0.6 - 12
        xai grok-code-fast 1 0.2 - 2 - 200000 2 0.4 - 4
        xai grok-code-fast-1-0825 1 0.2 - 2 - 200000 2 0.4 - 4
        """
}
