import Glibc
import SatchelTestSupport
import Testing

/// A server may say any number: none of them ends the program, or what it remembers.
@Suite struct AbsurdNumberTests {
    private static let most = JSONValue.int(.max)

    /// An answer whose events are these.
    private func answer(_ events: [JSONValue]) -> LoopbackFault {
        let body = events.map { "data: \(String(decoding: $0.bytes, as: UTF8.self))\n\n" }.joined()
        return .status(200, headers: ["Content-Type": "text/event-stream"], body: body)
    }

    private func openAI(_ usage: JSONValue) -> LoopbackFault {
        answer([
            ["type": "response.output_text.delta", "delta": "tea"],
            [
                "type": "response.completed",
                "response": ["id": "resp_1", "status": "completed", "output": [], "usage": usage],
            ],
        ])
    }

    private func atOpenAI(_ configuration: String = "", _ body: (AtOpenAI) async throws -> Void) async throws {
        try await AtOpenAI.with(["a.txt": "a\n", "b.txt": "b\n"], environment: ["SATCHEL_MODEL": "echo"]) { at in
            try at.satchel.home.write(".config/satchel/config.yaml", RawBytes(configuration))
            try await body(at)
        }
    }

    @Test(arguments: [Int64.max, .min, -1, 1 << 62])
    func tokensBeyondReasonSpoilNothing(_ count: Int64) async throws {
        try await atOpenAI { at in
            let number = JSONValue.int(count)
            let usage: JSONValue = [
                "input_tokens": number, "output_tokens": number, "num_server_side_tools_used": number,
                "input_tokens_details": ["cached_tokens": number, "cache_write_tokens": number],
                "output_tokens_details": ["reasoning_tokens": number], "cost_in_usd_ticks": number,
            ]
            at.server.inject(openAI(usage), on: "POST /v1/responses", times: 2)
            let first = try await at.satchel.chat("see @a.txt and @b.txt")
            #expect((0...(1 << 40)).contains(first.usage?.input ?? -1))
            _ = try await at.satchel.run(["chat", "-c", "and?"]).check()
            for key in ["day", "model", "thread", "account", "file"] {
                _ = try await at.satchel.run(["cost", "--by", key]).check()
                _ = try await at.satchel.run(["cost", "--by", key, "--json"]).check()
            }
            for words in ["thread ls", "thread show 1", "thread show 1 --json", "thread rm 1"] {
                _ = try await at.satchel.run(words.split(separator: " ").map(String.init)).check()
            }
        }
    }

    @Test func tokensThatOtherProvidersTellApartAddUpToNoOverflow() async throws {
        try await AtAnthropic.with(["a.txt": "a\n"]) { at in
            let usage: JSONValue = [
                "input_tokens": Self.most, "cache_read_input_tokens": 1, "cache_creation_input_tokens": Self.most,
                "output_tokens": Self.most,
            ]
            let events: [JSONValue] = [
                ["type": "message_start", "message": ["id": "msg_1", "usage": usage]],
                ["type": "content_block_delta", "index": 0, "delta": ["type": "text_delta", "text": "tea"]],
                ["type": "message_delta", "delta": ["stop_reason": "end_turn"], "usage": usage],
                ["type": "message_stop"],
            ]
            at.server.inject(answer(events), on: "POST /v1/messages")
            let answer = try await at.satchel.chat("hello")
            #expect(answer.usage?.input == 1 << 40 && answer.usage?.cached == 1)
        }
        try await AtGemini.with(["a.txt": "a\n"]) { at in
            let usage: JSONValue = [
                "promptTokenCount": Self.most, "toolUsePromptTokenCount": Self.most,
                "candidatesTokenCount": Self.most, "thoughtsTokenCount": Self.most,
            ]
            let event: JSONValue = [
                "responseId": "r1", "usageMetadata": usage,
                "candidates": [["content": ["parts": [["text": "tea"]]], "finishReason": "STOP"]],
            ]
            at.server.inject(answer([event]), on: "POST *")
            let answer = try await at.satchel.chat("hello")
            #expect(answer.usage?.input == 1 << 40 && answer.usage?.output == 1 << 40)
        }
    }

    @Test(arguments: [Int64.max, 1_000_000_000_000_000_000, -1])
    func aPriceBeyondReasonEndsNoProcessOfTheAccount(_ ticks: Int64) async throws {
        try await atOpenAI("accounts: {openai: {kind: openai, budget: {money_per_day: 99999999}}}\n") { at in
            at.server.inject(
                openAI(["input_tokens": 1, "output_tokens": 1, "cost_in_usd_ticks": .int(ticks)]),
                on: "POST /v1/responses",
                times: 20
            )
            for _ in 0..<2 {
                let finished = try await at.satchel.run(["chat", "hello"])
                #expect([0, 4].contains(finished.status), "\(finished)")
            }
            _ = try await at.satchel.run(["cost"]).check()
            try await at.satchel.sync()
        }
    }

    @Test func sizesBeyondReasonAreUnknown() async throws {
        try await atOpenAI { at in
            func file(_ id: String, _ size: JSONValue) -> JSONValue {
                [
                    "id": .string(id), "object": "file", "bytes": size, "created_at": 1_790_000_000,
                    "filename": "x.txt", "purpose": "user_data", "status": "processed",
                ]
            }
            let page: JSONValue = [
                "object": "list", "has_more": false,
                "data": [file("file-1", Self.most), file("file-2", Self.most), file("file-3", -1), file("file-4", 7)],
            ]
            at.server.inject(.answer(.json(page)), on: "GET /v1/files", times: 50)
            for arguments in [["remote", "ls"], ["quota", "--ask"], ["remote", "reconcile"]] {
                let text = try await at.satchel.run(arguments).check()
                #expect(!text.stdout.contains("9223372036854775807"))
                _ = try await at.satchel.run(arguments + ["--json"]).check()
            }
            let listed = try await at.satchel.run(["remote", "ls", "--json"]).check()
            #expect(listed.json?["summary"]?["foreign"]?["bytes"] == 7)
        }
    }

    @Test func aJobThatItsProcessesDieOfIsNotBegunForEver() async throws {
        try await atOpenAI { at in
            struct Detached: Decodable { var job: Int64 }
            let detached: Detached = try await at.satchel.document(["chat", "--detach", "hm?"])
            for _ in 0..<5 {
                let gate = try TestGate()
                at.openAI.nextAnswer(.pausing(after: 1, at: gate))
                let run = try at.satchel.start(["jobs", "run"])
                try await gate.arrivals()
                run.send(SIGKILL)
                _ = try await run.finish()
                gate.open()
            }
            _ = try await at.satchel.run(["jobs", "run"])
            #expect(at.server.requests("POST /v1/responses").count == 5)
            let shown = try await at.satchel.run(["jobs", "show", "\(detached.job)", "--json"]).check()
            #expect(shown.json?["job"]?["state"] == "failed")
            #expect(shown.json?["job"]?["error"]?.string?.contains("satchel jobs retry \(detached.job)") == true)
            try await at.satchel.run(["jobs", "retry", "\(detached.job)"]).check()
            try await at.satchel.run(["jobs", "run"]).check()
        }
    }
}
