import SatchelTestSupport
import Testing

/// Servers, names and arguments that mean harm: nothing leaves its place, and nothing moves the cursor.
@Suite struct HostileTests {
    private static let bad = "a\u{1b}[2J\u{7}\r\n\tb\u{9b}31m\u{202e}c\u{0}d"

    /// No byte that a terminal acts on but line feeds and the tabs between columns, and no C1 control or change of direction in UTF-8.
    private func expectHarmless(_ finished: FinishedProcess, sourceLocation: SourceLocation = #_sourceLocation) {
        for text in [finished.stdout, finished.stderr] {
            let bad = text.unicodeScalars.filter { scalar in
                scalar != "\n" && scalar != "\t" && (scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value))
                    || (0x202a...0x202e).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            }
            #expect(bad.isEmpty, "\(finished)", sourceLocation: sourceLocation)
        }
    }

    @Test func namesAndIdsOfAListingCannotMoveTheCursor() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"]) { at in
            try await at.satchel.sync()
            let file: JSONValue = [
                "id": .string("file-\(Self.bad)"), "object": "file", "bytes": 2, "created_at": 1_790_000_000,
                "filename": .string(Self.bad), "purpose": .string(Self.bad), "status": "processed",
            ]
            let page: JSONValue = ["object": "list", "data": [file], "has_more": false]
            for arguments in [
                ["remote", "ls"], ["remote", "reconcile"], ["remote", "reconcile", "--adopt"], ["quota", "--ask"],
                ["remote", "verify"],
            ] {
                at.server.clearFaults()
                at.server.inject(.answer(.json(page)), on: "GET /v1/files")
                let finished = try await at.satchel.run(arguments)
                #expect([0, 1].contains(finished.status), "\(finished)")
                expectHarmless(finished)
            }
        }
    }

    @Test func anIdThatMeansHarmIsHarmlessWhereverItIsShown() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"]) { at in
            let file: JSONValue = [
                "id": .string("file-\(Self.bad)"), "object": "file", "bytes": 2, "created_at": 1_790_000_000,
                "filename": .string(Self.bad), "purpose": "user_data", "status": "processed",
            ]
            at.server.inject(.answer(.json(file)), on: "POST /v1/files")
            for arguments in [
                ["sync"], ["ls"], ["ls", "-v"], ["status", "-v"], ["audit"],
                ["cleanup", "--all", "--force", "--dry-run"],
                ["remote", "verify"], ["audit", "--revoke"], ["cleanup", "--all", "--force"], ["why", "a.txt"],
            ] {
                let finished = try await at.satchel.run(arguments)
                #expect([0, 1].contains(finished.status), "\(finished)")
                expectHarmless(finished)
            }
        }
    }

    @Test func errorsOfAServerCannotMoveTheCursor() async throws {
        let environment = ["SATCHEL_RETRIES": "0", "SATCHEL_MODEL": "echo"]
        try await AtOpenAI.with(["a.txt": "a\n"], environment: environment) { at in
            try await at.satchel.sync()
            try at.workspace.write("b.txt", "b\n")
            for arguments in [
                ["sync"], ["remote", "ls"], ["remote", "verify"], ["remote", "reconcile"], ["quota", "--ask"],
                ["rehydrate"], ["audit", "--revoke"], ["cleanup", "--all", "--force"], ["chat", "hm?"], ["doctor"],
            ] {
                for status in [400, 403, 500] {
                    at.server.clearFaults()
                    at.server.inject(.openAI(status, Self.bad, type: Self.bad, code: Self.bad), on: .any, times: 50)
                    expectHarmless(try await at.satchel.run(arguments))
                }
            }
        }
    }

    @Test func deepAndEndlessAnswersAreRefused() async throws {
        let environment = ["SATCHEL_RETRIES": "0"]
        try await AtOpenAI.with(["a.txt": "a\n"], environment: environment) { at in
            let deep = String(repeating: "[", count: 2_000_000)
            let long = "{\"object\":\"list\",\"data\":[],\"x\":\"" + String(repeating: "x", count: 80 << 20) + "\"}"
            for body in [deep, long] {
                for (arguments, match) in [
                    (["sync"], "POST /v1/files"), (["remote", "ls"], "GET /v1/files"),
                ] as [([String], LoopbackMatch)] {
                    at.server.clearFaults()
                    at.server.inject(.status(200, headers: ["Content-Type": "application/json"], body: body), on: match)
                    let finished = try await at.satchel.run(arguments)
                    #expect([1, 5, 6].contains(finished.status), "\(finished.status)")
                    #expect(finished.stderr.utf8.count < 2000)
                }
            }
            at.server.clearFaults()
            try await at.expectConvergence()
        }
    }

    @Test func anAnswerWithoutEndIsEndedAndWhatCameIsKept() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: ["SATCHEL_MODEL": "echo"]) { at in
            let piece = String(repeating: "tea ", count: 1 << 18)
            let delta = #"data: {"type":"response.output_text.delta","delta":"\#(piece)"}"# + "\n\n"
            let headers: HeaderFields = ["Content-Type": "text/event-stream"]
            let body = String(repeating: delta, count: 20)
            at.server.inject(.status(200, headers: headers, body: body), on: "POST /v1/responses")
            let error = try await at.satchel.failure("chat", "hm?", status: 5)
            #expect(error.message.contains("more than 16 MiB of text"))
            let shown = try await at.satchel.run(["thread", "show", "1", "--json"]).check()
            let answer = shown.json?["messages"]?[1]
            #expect(answer?["status"] == "failed")
            #expect(answer?["text"]?.string?.utf8.count == 16 << 20)

            let citation = #"{"type":"url_citation","url":"https://example.org/@"}"#
            let source = #"data: {"type":"response.output_text.annotation.added","annotation":\#(citation)}"# + "\n\n"
            let sources = (0...5000).map { source.replacing("@", with: "\($0)") }.joined()
            at.server.inject(.status(200, headers: headers, body: sources), on: "POST /v1/responses")
            let many = try await at.satchel.failure("chat", "hm?", status: 5)
            #expect(many.message.contains("more than 5000 sources, calls and files"))
        }
    }

    @Test func noArgumentLeadsOutOfTheWorkspace() async throws {
        try await RunningSatchel.initialised(["a.txt": "a\n", "sub/b.txt": "b\n"]) { satchel in
            try satchel.home.write("outside.txt", "outside\n")
            try satchel.workspace.link("out", to: RawBytes(satchel.home.root))
            try satchel.workspace.link("out.txt", to: RawBytes("\(satchel.home.root)/outside.txt"))
            try await satchel.sync()
            let outside = "\(satchel.home.root)/outside.txt"
            for path in ["../outside.txt", "sub/../../outside.txt", outside, "out/outside.txt", "..", "/etc/passwd"] {
                for command in [["sync"], ["why"], ["restore"], ["cat"], ["rehydrate"], ["audit"]] {
                    let finished = try await satchel.run(command + [path])
                    let isHarmless = ["0 ", "a symbolic link"].contains { finished.stdout.contains($0) }
                    #expect(finished.status != 0 || isHarmless, "\(command) \(path): \(finished)")
                    #expect(!finished.stdout.contains("outside\n"))
                }
            }
            // A link is no way in, whichever command reads.
            let sync = try await satchel.sync("-v", "out.txt")
            #expect(sync.summary.uploaded == 0 && sync.skippedByReason["symlink"] == 1)
            let list = try await satchel.list()
            #expect(list.files.map(\.path).filter { $0.hasPrefix("out") }.isEmpty)
            #expect(satchel.home.read("outside.txt") == Array("outside\n".utf8))
        }
    }

    @Test(arguments: [
        "../evil.txt", "/tmp/satchel-evil.txt", "a/../../evil.txt", ".satchel/manifest.db", "x\u{1b}[2Jy",
    ])
    func aNameIsNeverAPlaceToWriteTo(_ name: String) async throws {
        try await RunningSatchel.initialised(["keep.txt": "keep\n"]) { satchel in
            let added = try await satchel.run(["add", "-", "--name", name], stdin: "evil\n")
            expectHarmless(added)
            guard added.status == 0 else { return }
            expectHarmless(try await satchel.run(["has", name]))
            #expect(try await satchel.run(["cat", name]).check().stdout == "evil\n")
            let restored = try await satchel.run(["restore", name, "--force"])
            expectHarmless(restored)
            #expect(!satchel.home.exists("evil.txt") && !satchel.workspace.exists("../evil.txt"))
            try await satchel.run(["doctor"]).check()
        }
    }
}
