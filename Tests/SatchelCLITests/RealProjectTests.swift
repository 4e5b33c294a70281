import Glibc
import SatchelTestSupport
import Testing

/// A project that many people work on, with the history that git makes of it.
@Suite struct RealProjectTests {
    /// Clones swift-nio into a fresh workspace; cancels the test where that cannot be done.
    private func inProject(_ body: (AtOpenAI) async throws -> Void) async throws {
        try await AtOpenAI.with { at in
            let address = "https://github.com/apple/swift-nio"
            let clone = try await tool("git", ["clone", "-q", "--depth", "1", address, "nio"], in: at.workspace.root)
            guard clone.status == 0 else { try Test.cancel("swift-nio cannot be cloned here: \(clone.stderr)") }
            for name in at.workspace.list("nio") {
                try at.workspace.move(RawBytes(Array("nio/".utf8) + name.bytes), to: name)
            }
            at.workspace.remove("nio")
            try await git("config user.name Nobody", at)
            try await git("config user.email nobody@example.org", at)
            // Git would keep what is equal in a pack while files are counted here.
            try await git("config gc.auto 0", at)
            try await body(at)
        }
    }

    /// Runs a program of the machine with the machine's own settings.
    private func tool(_ name: String, _ arguments: [String], in folder: String) async throws -> FinishedProcess {
        var environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"]
        if let home = getenv("HOME") { environment["HOME"] = String(cString: home) }
        let surroundings = SpawnedProcess.Surroundings(folder: folder, environment: environment)
        return try await SpawnedProcess("/usr/bin/env", [name] + arguments, surroundings).finish(within: .seconds(60))
    }

    private func git(_ arguments: String, _ at: AtOpenAI) async throws {
        try await tool("git", arguments.split(separator: " ").map(String.init), in: at.workspace.root).check()
    }

    @Test func everyDigestIsWhatSha256sumSays() async throws {
        try await inProject { at in
            let first = try await at.satchel.sync("--to", "local")
            #expect(first.ok && first.summary.uploaded > 500)
            let list = try await at.satchel.list()
            let sums = try await tool("sha256sum", ["--"] + list.files.map(\.path), in: at.workspace.root).check()
            let expected = list.files.map { "\($0.sha256)  \($0.path)" }
            #expect(sums.stdout.split(separator: "\n").map(String.init) == expected)
            let again = try await at.satchel.sync("--to", "local")
            #expect(again.summary.uploaded + again.summary.linked == 0)
            #expect(again.summary.unchanged == list.files.count)
            // What git does not follow was not taken, and the other way round.
            let known = try await tool("git", ["ls-files"], in: at.workspace.root).check()
            let visible = known.stdout.split(separator: "\n").filter { !$0.hasPrefix(".") && !$0.contains("/.") }
            #expect(
                list.files.map(\.path)
                    == visible.map(String.init).sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
            )
        }
    }

    @Test func whatGitDoesToFilesUploadsOnlyNewContents() async throws {
        try await inProject { at in
            let first = try await at.satchel.sync("--verbose")
            #expect(first.ok)
            let uploads = at.openAI.uploadCount
            #expect(uploads == first.summary.uploaded)
            let held = Set(at.openAI.files.map { "\($0.sha256)" })
            #expect(held == Set(first.actions.compactMap { $0.action == "upload" ? $0.sha256 : nil }))
            #expect(held.count == at.openAI.files.count)

            // A working copy on another branch: a folder renamed, a file edited, another deleted.
            try await git("checkout -q -b other", at)
            try await git("mv Sources/NIOCore Sources/NIOHeart", at)
            try await git("rm -q README.md", at)
            try at.workspace.write("CONTRIBUTING.md", "Be kind.\n")
            let changed = try await at.satchel.sync()
            #expect(changed.summary.uploaded == 1)
            #expect(changed.summary.linked > 20 && changed.summary.forgotten > 20)
            #expect(changed.summary.deleted == 0)
            try await git("commit -q -a -m other", at)
            #expect(try await at.satchel.sync().summary.uploaded == 0)

            try await git("checkout -q -", at)
            #expect(try await at.satchel.sync().summary.uploaded == 0)
            try await git("checkout -q other", at)
            #expect(try await at.satchel.sync().summary.uploaded == 0)
            try await git("checkout -q -", at)
            let back = try await at.satchel.sync()
            #expect(back.ok && back.summary.uploaded == 0)
            #expect(at.openAI.uploadCount == uploads + 1)
            try await at.expectConvergence()
        }
    }

    @Test func aWatchFollowsACheckout() async throws {
        try await inProject { at in
            try await git("checkout -q -b other", at)
            try at.workspace.write("CONTRIBUTING.md", "Be kind.\n")
            try await git("commit -q -a -m other", at)
            try await git("checkout -q -", at)
            at.satchel.set("SATCHEL_WATCH_QUIET", "100ms")
            let watch = try at.satchel.start(["watch", "--to", "local"])
            try await watch.line(containing: "Ctrl-C stops")
            try await git("checkout -q other", at)
            // Made and given up at once, as by a build.
            for index in 0..<20 { try at.workspace.write(RawBytes(".build/debug/o\(index).o"), "object\n") }
            try await watch.line(containing: "↑  CONTRIBUTING.md", count: 2)
            try await git("checkout -q -", at)
            try await watch.line(containing: "=  CONTRIBUTING.md")
            watch.send(SIGTERM)
            let finished = try await watch.finish().check()
            #expect(!finished.stdout.contains(".build"))
        }
    }
}
