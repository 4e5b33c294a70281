import SatchelTestSupport
import Testing

/// Standard output that takes nothing.
@Suite struct StandardOutputTests {
    @Test(arguments: [["ls"], ["ls", "--json"], ["audit", "--json"], ["status"]])
    func aFullDiskBehindItIsNoSuccess(_ command: [String]) async throws {
        try await RunningSatchel.initialised(["a.txt": "a\n"]) { satchel in
            try await satchel.sync()
            let finished = try await satchel.run(
                command,
                under: ["/bin/sh", "-c", "exec \"$0\" \"$@\" > /dev/full"]
            )
            #expect(finished.status == 1)
            #expect(finished.stderr.contains("standard output: cannot be written: no space left on device"))
        }
    }

    /// Its number would go to the next file that is opened, and the words into that.
    @Test func nothingIsWrittenElsewhereWhenItIsClosed() async throws {
        try await RunningSatchel.initialised(["a.txt": "a\n", "b.txt": "b\n"]) { satchel in
            for command in [["sync"], ["ls"], ["status", "--json"]] {
                let finished = try await satchel.run(command, under: ["/bin/sh", "-c", "exec \"$0\" \"$@\" >&-"])
                #expect(finished.status == 0, "\(finished)")
                #expect(finished.stderr.isEmpty)
            }
            let again = try await satchel.sync("--check")
            #expect(again.ok)
        }
    }
}
