import FoundationEssentials
import SatchelTestSupport
import Testing

/// What left this machine, and how it is taken back.
@Suite struct AuditTests {
    @Test func everyCopyIsListedWithItsEnd() async throws {
        try await AtOpenAI.with(["a.txt": "one\n", "b/c.txt": "two\n"]) { at in
            try await at.satchel.sync()
            let all = try await at.satchel.audit()
            #expect(all.departures.map(\.path).sorted { ($0 ?? "") < ($1 ?? "") } == ["a.txt", "b/c.txt"])
            for departure in all.departures {
                #expect(departure.state == "there" && departure.account == "openai" && departure.way == "upload")
                #expect(departure.expiresAt != nil && departure.remoteId != nil)
            }
            #expect(try await at.satchel.audit("b").departures.map(\.path) == ["b/c.txt"])
            #expect(try await at.satchel.audit("--since", "0").departures.isEmpty)
            let text = try await at.satchel.run(["audit"]).check()
            #expect(text.stdout.contains("a.txt") && text.stdout.contains("2 departures, 2 copies still there"))
        }
    }

    @Test func whatIsGoneFromTheFolderIsStillListed() async throws {
        try await AtOpenAI.with(["a.txt": "one\n", "b.txt": "two\n"]) { at in
            try await at.satchel.sync()
            at.workspace.remove("a.txt")
            try await at.satchel.sync()
            try await at.satchel.cleanup("--older-than", "0")
            let gone = try #require(try await at.satchel.audit("a.txt").departures.first)
            #expect(gone.state == "deleted" && gone.deletedBecause == "unreferenced" && gone.deletedAt != nil)
        }
    }

    @Test func revokingDeletesThereAndIsWrittenDown() async throws {
        try await AtOpenAI.with(["a.txt": "one\n", "b.txt": "two\n"]) { at in
            try await at.satchel.sync()
            let finished = try await at.satchel.run(["audit", "a.txt", "--revoke"]).check()
            #expect(finished.stdout.contains("1 revoked"))
            #expect(finished.stderr.contains("a.txt: the next sync sends it again"))
            try at.expectHeld(["b.txt"])
            let after = try #require(try await at.satchel.audit("a.txt").departures.first)
            #expect(after.state == "deleted" && after.deletedBecause == "revoked")
            // Once more is nothing to do.
            #expect(try await at.satchel.audit("a.txt", "--revoke").revoked?.isEmpty == true)
        }
    }

    @Test func bytesThatLeftUnderAnotherNameAreListedAndRevoked() async throws {
        try await AtOpenAI.with(["a.txt": "same\n", "b.txt": "same\n", "c.txt": "other\n"]) { at in
            try await at.satchel.sync()
            for path in ["a.txt", "b.txt"] {
                #expect(try await at.satchel.audit(path).departures.map(\.state) == ["there"])
            }
            try at.workspace.move("b.txt", to: "d.txt")
            try await at.satchel.sync()
            let finished = try await at.satchel.run(["audit", "d.txt", "--revoke"]).check()
            #expect(finished.stdout.contains("1 revoked"))
            #expect(finished.stderr.contains("a.txt and 1 more: the next sync sends it again"))
            try at.expectHeld(["c.txt"])
        }
    }

    @Test func aMistypedNameIsNotSaidToBeRevoked() async throws {
        try await AtOpenAI.with(["a.txt": "one\n"]) { at in
            try await at.satchel.sync()
            for arguments in [["audit", "aa.txt"], ["audit", "aa.txt", "--revoke"]] {
                let finished = try await at.satchel.run(arguments).check(2)
                #expect(finished.stderr.contains("aa.txt: no such file in the workspace, and none is remembered"))
            }
        }
    }

    @Test func revokingManyNeedsAYes() async throws {
        let files = Dictionary(uniqueKeysWithValues: (0..<12).map { (RawBytes("f\($0).txt"), RawBytes("\($0)\n")) })
        try await AtOpenAI.with(files) { at in
            try await at.satchel.sync()
            let failure = try await at.satchel.failure("audit", "--revoke", status: 4)
            #expect(failure.message.contains("12 copies"))
            #expect(at.openAI.files.count == 12)
            #expect(try await at.satchel.audit("--revoke", "--yes").revoked?.count == 12)
            #expect(at.openAI.files.isEmpty)
        }
    }

    @Test func onlyTheKeyThatSentItTakesItBack() async throws {
        try await AtOpenAI.with(["a.txt": "one\n"]) { at in
            try await at.satchel.sync()
            at.satchel.set("OPENAI_API_KEY", "another")
            let finished = try await at.satchel.run(["audit", "--revoke"]).check(1)
            #expect(finished.stderr.contains("another key"))
            #expect(at.server.requests("DELETE *").isEmpty)
        }
    }

    @Test func whatAModelWasShownIsListedToo() async throws {
        try await AtOpenAI.with(["a.txt": "one\n"], environment: ["SATCHEL_MODEL": "echo"]) { at in
            _ = try await at.satchel.chat("what is in @a.txt?")
            #expect(try await at.satchel.audit().departures.map(\.way) == ["upload", "chat"])
        }
    }

    @Test func whatAThreadHoldsHasLeftToEachAccountThatItGoesOnWith() async throws {
        try await LoopbackOpenAI.with(.plainChat) { lab in
            try await LoopbackOpenAI.with(.plainChat) { other in
                try await RunningSatchel.with(["plan.md": "the plan\n"]) { satchel in
                    let servers = [("lab", lab), ("other", other)].map { name, server in
                        "  \(name): {kind: openai-compatible, base_url: \"\(server.baseURL)\"}\n"
                    }
                    let text = "default_account: lab\naccounts:\n\(servers.joined())chat: {model: echo}\n"
                    try satchel.home.write(".config/satchel/config.yaml", RawBytes(text))
                    try await satchel.run(["init"]).check()
                    try await satchel.chat("what does @plan.md say?")
                    try await satchel.chat("-c", "-p", "other", "and you?")
                    try await satchel.chat("-c", "-p", "other", "and again?")
                    for (name, server) in [("lab", lab), ("other", other)] {
                        let request = try #require(server.server.requests("POST /v1/chat/completions").first)
                        #expect(request.body.firstRange(of: Array("the plan".utf8)) != nil)
                        let left = try await satchel.audit("--to", name).departures
                        #expect(left.map(\.path) == ["plan.md"] && left.map(\.way) == ["chat"], "\(name): \(left)")
                    }
                }
            }
        }
    }

    @Test func whatLeftAndWhatItCostStaysWhenItsThreadIsRemoved() async throws {
        try await AtOpenAI.with(["a.txt": "one\n"], environment: ["SATCHEL_MODEL": "gpt-5-mini"]) { at in
            try await at.satchel.sync()
            at.openAI.nextAnswer(.calling((name: "read_file", arguments: #"{"path":"a.txt"}"#)))
            try await at.satchel.chat("what is in @a.txt?")
            let (left, cost) = (try await at.satchel.audit(), try await at.satchel.run(["cost"]).check())
            #expect(left.departures.map(\.way).sorted() == ["chat", "tool", "upload"])
            try await at.satchel.run(["thread", "rm", "1"]).check()
            #expect(try await at.satchel.audit().departures.map(\.way) == left.departures.map(\.way))
            #expect(try await at.satchel.run(["cost"]).check().stdout == cost.stdout)
            for (key, name) in [("thread", "removed threads"), ("file", "(no file)")] {
                let costs = try await at.satchel.run(["cost", "--by", key]).check()
                #expect(costs.stdout.hasPrefix("\(name)\t1 answer"), "\(costs)")
            }
        }
    }

    @Test func theLocalStoreIsNoDeparture() async throws {
        try await RunningSatchel.initialised(["a.txt": "one\n"]) { satchel in
            try await satchel.sync()
            #expect(try await satchel.audit().departures.isEmpty)
        }
    }
}

/// What `audit --json` prints.
struct AuditReport: Decodable, Sendable {
    struct Departure: Decodable, Sendable {
        var way, sha256, account, provider, state, sentAt: String
        var path, remoteId, expiresAt, deletedAt, deletedBecause: String?
        var bytes: Int64
    }

    struct Copy: Decodable, Sendable {
        var account, remoteId: String
        var path, error: String?
    }

    var ok: Bool
    var departures: [Departure]
    var revoked, failed: [Copy]?
}

extension RunningSatchel {
    func audit(_ arguments: String...) async throws -> AuditReport {
        try await document(["audit"] + arguments)
    }
}
