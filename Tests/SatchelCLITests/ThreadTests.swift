import Glibc
import SatchelTestSupport
import Testing

/// Conversations after they were held: listed, shown, forked, put away, searched and summed up.
@Suite(.timeLimit(.minutes(2)))
struct ThreadTests {
    struct Summary: Decodable {
        var thread: Int64
        var title: String
        var messages: Int
        var contents: Int
        var forkedFrom: Int64?
        var inputTokens: Int
    }

    struct Listing: Decodable {
        var threads: [Summary]
        var next: Int64?
    }

    struct Transcript: Decodable {
        struct Message: Decodable {
            struct File: Decodable {
                var path: String
                var sha256: String
            }

            var position: Int
            var role: String
            var status: String
            var text: String
            var error: String?
            var files: [File]
        }

        var thread: Summary
        var messages: [Message]
    }

    struct Found: Decodable {
        struct Hit: Decodable {
            var thread: Int64
            var position: Int
            var excerpt: String
        }

        var found: [Hit]
    }

    struct Costs: Decodable {
        struct Sum: Decodable {
            struct Usage: Decodable {
                var input: Int
            }

            var key: String
            var answers: Int
            var usage: Usage
            var cost: String?
            var unpriced: Int
        }

        var sums: [Sum]
    }

    private func with(_ files: [RawBytes: RawBytes] = [:], _ body: (AtOpenAI) async throws -> Void) async throws {
        try await AtOpenAI.with(files, environment: ["SATCHEL_MODEL": "echo"], body)
    }

    @Test func aConversationIsListedAndShownWithTheVersionsOfItsFiles() async throws {
        try await with(["a.txt": "one\n"]) { at in
            try await at.satchel.chat("what is in @a.txt?")
            try at.workspace.write("a.txt", "two\n")
            try await at.satchel.chat("-c", "and now in @a.txt?")
            let listing: Listing = try await at.satchel.document(["thread", "ls"])
            #expect(listing.threads.map(\.messages) == [4])
            #expect(listing.threads.map(\.contents) == [2])
            #expect((listing.threads.first?.inputTokens ?? 0) > 0)
            let shown: Transcript = try await at.satchel.document(["thread", "show", "1"])
            #expect(shown.messages.map(\.role) == ["user", "assistant", "user", "assistant"])
            let digests = shown.messages.flatMap(\.files).map(\.sha256)
            #expect(digests == ["one\n", "two\n"].map { "\(independentDigest(of: Array($0.utf8)))" })
            let rest: Transcript = try await at.satchel.document(["thread", "show", "1", "--after", "2"])
            #expect(rest.messages.map(\.position) == [3, 4])
        }
    }

    @Test func aForkNamesAMessageThatThereIsAndATitleHasWords() async throws {
        try await with { at in
            try await at.satchel.chat("hello")
            for place in ["3", "0", "-1"] {
                let finished = try await at.satchel.run(["thread", "fork", "1", "--at=\(place)"]).check(2)
                #expect(finished.stderr.contains("it has no message \(place)"))
            }
            try await at.satchel.run(["thread", "rename", "1", " "]).check(2)
            let listing: Listing = try await at.satchel.document(["thread", "ls"])
            #expect(listing.threads.map(\.title) == ["hello"])
        }
    }

    @Test func pagesOfThreadsAreWhole() async throws {
        try await with { at in
            for number in 1...5 { try await at.satchel.run(["thread", "new", "thread \(number)"]).check() }
            var titles: [String] = []
            var arguments = ["thread", "ls", "--limit", "2"]
            while true {
                let page: Listing = try await at.satchel.document(arguments)
                titles += page.threads.map(\.title)
                guard let next = page.next else { break }
                arguments = ["thread", "ls", "--limit", "2", "--after", "\(next)"]
            }
            #expect(titles == (1...5).reversed().map { "thread \($0)" })
        }
    }

    @Test func threadsAndMessagesAreFiltered() async throws {
        try await with(["src/a.txt": "one\n", "srcs.txt": "two\n"]) { at in
            try await at.satchel.chat("what is in @src/a.txt?")
            try await at.satchel.chat("and in @srcs.txt?")
            try await at.satchel.chat("Nothing 100%")
            try await at.satchel.chat("-c", "go on")
            func numbers(_ filter: String...) async throws -> [Int64] {
                let page: Listing = try await at.satchel.document(["thread", "ls"] + filter)
                return page.threads.map(\.thread)
            }
            #expect(try await numbers("--file", "src") == [1])
            #expect(try await numbers("--file", "srcs.txt") == [2])
            #expect(try await numbers("--title", "nothing 100%") == [3])
            #expect(try await numbers("--title", "_") == [])
            #expect(try await numbers("--since", "1h", "--limit", "2") == [3, 2])
            #expect(try await numbers("--since", "1h", "--limit", "2", "--after", "2") == [1])
            func positions(_ filter: String...) async throws -> [Int] {
                let shown: Transcript = try await at.satchel.document(["thread", "show", "3"] + filter)
                return shown.messages.map(\.position)
            }
            #expect(try await positions("--last", "2") == [3, 4])
            #expect(try await positions("--role", "user") == [1, 3])
            #expect(try await positions("--status", "failed") == [])
            #expect(try await positions("--limit", "1", "--after", "2") == [3])
            try await at.satchel.run(["thread", "show", "3", "--role", "nobody"]).check(64)
        }
    }

    @Test func aForkGoesItsOwnWay() async throws {
        try await with(["a.txt": "one\n"]) { at in
            try await at.satchel.chat("first @a.txt")
            try await at.satchel.chat("-c", "second")
            let fork = try await at.satchel.run(["thread", "fork", "1", "--at", "2"]).check()
            #expect(fork.stdout == "2\n")
            try await at.satchel.chat("-t", "2", "otherwise")
            let forked: Transcript = try await at.satchel.document(["thread", "show", "2"])
            #expect(forked.thread.forkedFrom == 1)
            #expect(forked.messages.filter { $0.role == "user" }.map(\.text) == ["first @a.txt", "otherwise"])
            #expect(forked.messages.first?.files.count == 1)
            let old: Transcript = try await at.satchel.document(["thread", "show", "1"])
            #expect(old.messages.count == 4)
        }
    }

    @Test func continuingLeavesOutWhatWasPutAway() async throws {
        try await with { at in
            try await at.satchel.chat("first")
            try await at.satchel.chat("second")
            try await at.satchel.run(["thread", "archive", "2"]).check()
            #expect(try await at.satchel.chat("-c", "and?").thread == 1)
            try await at.satchel.run(["thread", "archive", "1"]).check()
            let none = try await at.satchel.failure("chat", "-c", "and?", status: 2)
            #expect(none.message.contains("-c: there is no thread"))
            let missing = try await at.satchel.failure("thread", "ls", "--after", "999", status: 2)
            #expect(missing.message.contains("thread 999: there is none"))
        }
    }

    @Test(arguments: [("max_output_tokens", "cut short"), ("content_filter", "broken off by the provider's filter")])
    func anAnswerThatIsNotWholeIsMarkedWhereverItIsShown(_ reason: String, _ words: String) async throws {
        try await with { at in
            at.openAI.nextAnswer(.ending(.incomplete(reason)))
            let asked = try await at.satchel.run(["chat", "tell me all"]).check()
            #expect(asked.stderr.contains("the answer is not whole: \(words)"), "\(asked)")
            let later = try await at.satchel.run(["tail"]).check()
            #expect(later.stderr.contains("the answer is not whole: \(words)"), "\(later)")
            for command in ["show", "export"] {
                let shown = try await at.satchel.run(["thread", command, "1"]).check()
                #expect(shown.stdout.contains(words), "\(shown)")
            }
            let whole = try await at.satchel.run(["chat", "tell me all"]).check()
            #expect(!whole.stderr.contains("not whole"))
        }
    }

    @Test func whatIsPutAwayIsListedApartAndWhatIsDeletedIsGone() async throws {
        try await with { at in
            try await at.satchel.chat("keep this about herons")
            try await at.satchel.chat("delete this about herons")
            try await at.satchel.run(["thread", "archive", "1"]).check()
            try await at.satchel.run(["thread", "rm", "2"]).check()
            let open: Listing = try await at.satchel.document(["thread", "ls"])
            #expect(open.threads.isEmpty)
            let away: Listing = try await at.satchel.document(["thread", "ls", "--archived"])
            #expect(away.threads.map(\.thread) == [1])
            let found: Found = try await at.satchel.document(["search", "herons"])
            #expect(Set(found.found.map(\.thread)) == [1])
            try await at.satchel.run(["thread", "archive", "--undo", "1"]).check()
            try await at.satchel.run(["thread", "rename", "1", "Herons"]).check()
            let back: Listing = try await at.satchel.document(["thread", "ls"])
            #expect(back.threads.map(\.title) == ["Herons"])
            let error = try await at.satchel.failure("thread", "show", "2", status: 2)
            #expect(error.message.contains("thread 2"))
        }
    }

    @Test func messagesAreFoundByTheirWords() async throws {
        try await with { at in
            at.openAI.nextAnswer(.text("The heron stands in the reeds of the northern lake until the evening."))
            try await at.satchel.chat("where is the bird?")
            for words in [["heron", "lake"], ["HERON"], ["eve"], ["north"]] {
                let found: Found = try await at.satchel.document(["search"] + words)
                #expect(found.found.map(\.position) == [2], "\(words)")
            }
            let none: Found = try await at.satchel.document(["search", "heron", "desert"])
            #expect(none.found.isEmpty)
            let odd: Found = try await at.satchel.document(["search", "\"heron\" OR *"])
            #expect(odd.found.isEmpty)
        }
    }

    @Test func anAnswerWhoseProcessDiedIsNotPendingForEver() async throws {
        try await with { at in
            let gate = try TestGate()
            at.openAI.nextAnswer(.pausing(after: 1, at: gate))
            let chat = try at.satchel.start(["chat", "hello, how are you today?"])
            try await gate.arrivals()
            let during: Transcript = try await at.satchel.document(["thread", "show", "1"])
            #expect(during.messages.last?.status == "pending")
            chat.send(SIGKILL)
            _ = try await chat.status()
            gate.open()
            let after: Transcript = try await at.satchel.document(["thread", "show", "1"])
            #expect(after.messages.last?.status == "failed")
            #expect(after.messages.last?.error == "interrupted")
        }
    }

    @Test func usageIsAddedUpAndUnpricedStaysUnpriced() async throws {
        try await with { at in
            try await at.satchel.chat("one")
            try await at.satchel.chat("two")
            for key in ["day", "model", "thread", "account"] {
                let costs: Costs = try await at.satchel.document(["cost", "--by", key])
                #expect(costs.sums.map(\.answers).reduce(0, +) == 2)
                #expect(costs.sums.allSatisfy { $0.cost == nil && $0.unpriced == $0.answers && $0.usage.input > 0 })
            }
            let models: Costs = try await at.satchel.document(["cost", "--by", "model"])
            #expect(models.sums.map(\.key) == ["echo"])
            let accounts: Costs = try await at.satchel.document(["cost", "--by", "account", "--since", "1h"])
            #expect(accounts.sums.map(\.key) == ["openai"])
        }
    }

    @Test func anExportIsMarkdown() async throws {
        try await with(["a.txt": "one\n"]) { at in
            at.openAI.nextAnswer(.text("It says one."))
            try await at.satchel.chat("what is in @a.txt?")
            let text = try await at.satchel.run(["thread", "export", "1"]).check().stdout
            #expect(text.hasPrefix("# what is in @a.txt?\n\n## Question\n\n- `a.txt` "))
            #expect(text.contains("\n## Answer (echo)\n\nIt says one.\n"))
        }
    }
}
