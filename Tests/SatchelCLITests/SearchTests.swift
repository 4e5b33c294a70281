import SatchelTestSupport
import Testing

/// Finding places in files and messages, and notes on files.
@Suite(.timeLimit(.minutes(2)))
struct SearchTests {
    struct Found: Decodable {
        struct Message: Decodable {
            var thread: Int64
            var excerpt: String
        }

        struct File: Decodable {
            var path: String
            var line: Int
            var text: String
        }

        var found: [Message]?
        var files: [File]?
    }

    struct Notes: Decodable {
        struct Note: Decodable {
            var path: String
            var note, model: String?
            var made: Bool
        }

        struct Failure: Decodable { var path, message: String }

        var ok: Bool
        var notes: [Note]
        var failed: [Failure]?
    }

    private let files: [RawBytes: RawBytes] = [
        "tides.md": "# Tides\n\none\ntwo\nSpring tides happen at new moon.\nthree\nfour\n", "moon.md": "The moon.\n",
        "tea.md": "Earl Grey\n",
    ]

    private func with(_ body: (AtOpenAI) async throws -> Void) async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo", "SATCHEL_TTL": "1h"], body)
    }

    @Test func placesInFilesAreRankedAndShownWithTheLinesAroundThem() async throws {
        try await with { at in
            try await at.satchel.sync()
            let found: Found = try await at.satchel.document([
                "search", "moon", "tide", "--in", "files", "--context", "1",
            ])
            #expect(found.found == nil)
            #expect(found.files?.map(\.path) == ["tides.md", "moon.md"])
            let first = try #require(found.files?.first)
            #expect(first.line == 4 && first.text == "two\nSpring tides happen at new moon.\nthree")
            let printed = try await at.satchel.run(["search", "grey"]).check()
            #expect(printed.stdout.contains("tea.md:1\n    Earl Grey"))
        }
    }

    @Test func messagesAndFilesAreSearchedTogether() async throws {
        try await with { at in
            try await at.satchel.chat("what about the moon?")
            try await at.satchel.sync()
            let both: Found = try await at.satchel.document(["search", "moon"])
            #expect(both.found?.count == 2 && both.files?.count == 2)
            let threads: Found = try await at.satchel.document(["search", "moon", "--in", "threads"])
            #expect(threads.found?.count == 2 && threads.files == nil)
            let other: Found = try await at.satchel.document(["thread", "search", "moon"])
            #expect(other.found?.count == 2 && other.files == nil)
            let none = try await at.satchel.run(["search", "xylophone"]).check()
            #expect(none.stdout.isEmpty && none.stderr.contains("neither a message nor a synced file"))
        }
    }

    // MARK: Notes

    @Test func aNoteIsMadeOnceForAContent() async throws {
        try await with { at in
            at.openAI.nextAnswer(.text("About  tea.\n"))
            let first: Notes = try await at.satchel.document(["summarize", "tea.md"])
            #expect(first.notes.map(\.note) == ["About tea."] && first.notes[0].made && first.notes[0].model == "echo")
            let count = at.server.requests("POST /v1/responses").count
            try at.workspace.move("tea.md", to: "drinks.md")
            let again: Notes = try await at.satchel.document(["summarize", "drinks.md"])
            #expect(again.notes.map(\.note) == ["About tea."] && !again.notes[0].made)
            #expect(at.server.requests("POST /v1/responses").count == count)
            try at.workspace.write("drinks.md", "Oolong\n")
            at.openAI.nextAnswer(.text("About oolong."))
            let changed: Notes = try await at.satchel.document(["summarize", "drinks.md"])
            #expect(changed.notes.map(\.note) == ["About oolong."])
            let request = try #require(at.server.requests("POST /v1/responses").last)
            #expect(String(decoding: request.body, as: UTF8.self).contains("Oolong"))
            #expect(request.json?["tools"] == nil)
            try await at.satchel.sync()
            let listed: Notes = try await at.satchel.document(["summarize", "--ls"])
            #expect(listed.notes.compactMap(\.note) == ["About oolong."])
            #expect(at.server.requests("POST /v1/responses").count == count + 1)
        }
    }

    @Test func aFileIsChosenByItsNoteToo() async throws {
        try await with { at in
            let before = try await at.satchel.chat("--auto", "where are beverages?")
            #expect(before.picked == nil, "no file has the word")
            at.openAI.nextAnswer(.text("A list of Beverages, for the kitchen."))
            try await at.satchel.run(["summarize", "tea.md"]).check()
            let after = try await at.satchel.chat("--auto", "where are beverages?")
            #expect(after.picked?.map(\.path) == ["tea.md"])
            #expect(after.picked?.first?.terms == [] && after.picked?.first?.noteTerms == ["beverages"])
            let listed = try await at.satchel.run(["search", "--list", "kitchen"]).check()
            #expect(listed.stdout.hasPrefix("tea.md") && listed.stdout.contains("its note has kitchen"))
            at.openAI.nextAnswer(.text("Names of drinks."))
            try await at.satchel.run(["summarize", "--force", "tea.md"]).check()
            let renewed = try await at.satchel.run(["search", "--list", "drink"]).check()
            #expect(renewed.stdout.hasPrefix("tea.md"))
            #expect(try await at.satchel.run(["search", "--list", "kitchen"]).check().stdout.isEmpty)
        }
    }

    @Test func aNoteIsListedAmongWhatLeft() async throws {
        try await with { at in
            try await at.satchel.run(["summarize", "tea.md"]).check()
            let audit: ToolChatTests.AuditDocument = try await at.satchel.document(["audit", "tea.md"])
            #expect(audit.departures.contains { $0.way == "chat" })
        }
    }

    @Test func whatHoldsASecretGetsNoNote() async throws {
        try await with { at in
            let secret = try #require(MadeUpSecret.all().first { $0.kind == "github-token" })
            try at.workspace.write("deploy.sh", RawBytes("export TOKEN=\(secret.text)\n"))
            let notes: Notes = try await at.satchel.document(["summarize", "."])
            #expect(notes.notes.map(\.path) == ["moon.md", "tea.md", "tides.md"])
            for request in at.server.requests {
                #expect(!String(decoding: request.body, as: UTF8.self).contains(secret.text))
            }
        }
    }

    @Test func notesNeedAModelAndFiles() async throws {
        try await AtOpenAI.with(files) { at in
            let error = try await at.satchel.failure("summarize", "tea.md", status: 2)
            #expect(error.message.contains("no model"))
            try await at.satchel.run(["summarize"]).check(64)
        }
    }
}
