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
        let process = try shell("sleep 1000 & echo started; wait")
        try await process.line(containing: "started")
        process.send(9)
        let finished = try await process.finish()
        #expect(finished.status == 137)
        // The child holds the pipe: it ends only when the child has.
        #expect(finished.isComplete)
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
