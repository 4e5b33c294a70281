import SatchelTestSupport
import Testing

struct LoopbackProcessTests {
    private func shell(_ script: String, hasInput: Bool = false) throws -> SpawnedProcess {
        try SpawnedProcess(
            "/bin/sh",
            ["-c", script],
            .init(folder: "/", environment: ["PATH": "/usr/bin:/bin"], hasInput: hasInput)
        )
    }

    @Test func aProgramIsHeardToItsLastWord() async throws {
        let finished = try await shell("pwd; echo problem >&2; exit 3").finish()
        #expect(finished.status == 3)
        #expect(finished.stdout == "/\n")
        #expect(finished.stderr == "problem\n")
    }

    @Test func whatItReadsAndSaysIsMetLineByLine() async throws {
        let process = try shell("while read line; do echo \"got $line\"; done; echo end", hasInput: true)
        await process.write("one\n")
        #expect(try await process.line(containing: "got") == "got one")
        await process.write("two\n")
        #expect(try await process.line(containing: "got", count: 2) == "got two")
        process.closeInput()
        try await process.line(containing: "end")
        #expect(try await process.status() == 0)
        #expect(await process.write("too late") == false)
    }

    @Test func aSignalEndsItWithTheShellsStatus() async throws {
        let process = try shell("echo ready; sleep 100")
        try await process.line(containing: "ready")
        process.send(15)
        #expect(try await process.status() == 143)
        await #expect(throws: EndedWithout.self) { try await process.line(containing: "never") }
    }

    @Test func itsChildrenEndWithIt() async throws {
        let process = try shell("sleep 1000 & echo $!; wait")
        let child = try #require(Int32(try await process.line(containing: "")))
        await process.end()
        #expect(try await process.finish().status == 137)
        #expect(isGone(child))
    }

    /// Whether a process is no more, or only waits to be buried by somebody else.
    private func isGone(_ pid: Int32) -> Bool {
        guard let workspace = try? TemporaryWorkspace() else { return false }
        try? workspace.link("status", to: RawBytes("/proc/\(pid)/stat"))
        guard let text = workspace.text("status") else { return true }
        return text.split(separator: " ").dropFirst(2).first.map { $0 == "Z" || $0 == "X" } ?? false
    }

    @Test func aWorkspaceHoldsAnyNameAndIsGoneAfterwards() async throws {
        let name: RawBytes = [0x66, 0xff, 0x0a, 0x2e]
        let folder = try await TemporaryWorkspace.with([name: "odd", "a/b/c.txt": "deep"]) { workspace in
            #expect(workspace.list() == ["a", name])
            #expect(workspace.text(name) == "odd")
            #expect(workspace.text("a/b/c.txt") == "deep")
            try workspace.replace("a/b/c.txt", "new")
            #expect(workspace.text("a/b/c.txt") == "new")
            #expect(workspace.list("a/b") == ["c.txt"])
            try workspace.setMode("a/b", 0)
            return workspace.root
        }
        let parent = try TemporaryWorkspace()
        try parent.link("was", to: RawBytes(folder + "/a"))
        #expect(parent.list("was").isEmpty)
    }
}
