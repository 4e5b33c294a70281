import Glibc
import SatchelCore
import SatchelTestSupport
import SatchelWorkspace
import Synchronization
import Testing

/// The socket of a running watch.
@Suite struct ControlSocketTests {
    /// Answers every request with its own line, twice, until the body is done.
    private func answering(in folder: StateFolder, _ body: () async throws -> Void) async throws {
        let server = try ControlServer(in: folder)
        let answers = Task {
            for await request in server.requests {
                request.reply(Array("one ".utf8) + request.line)
                request.reply(Array("two ".utf8) + request.line)
                request.end()
            }
        }
        try await body()
        server.stop()
        await answers.value
    }

    private func ask(_ line: String, in folder: StateFolder) async throws -> [String]? {
        let lines = Mutex<[String]>([])
        let heard = try await ControlClient.ask(Array(line.utf8), in: folder) { line in
            lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
        }
        return heard ? lines.withLock { $0 } : nil
    }

    @Test func everyRequestIsAnsweredWithItsOwnLines() async throws {
        let tree = try ScratchTree()
        let folder = try StateFolder.create(in: tree.root)
        #expect(try await ask("nobody there", in: folder) == nil)
        try await answering(in: folder) {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<12 {
                    group.addTask { try await ask("\(index)", in: folder) == ["one \(index)", "two \(index)"] }
                }
                for try await isRight in group { #expect(isRight) }
            }
            let long = String(repeating: "x", count: 1 << 20)
            #expect(try await ask(long, in: folder) == ["one " + long, "two " + long])
        }
        #expect(try await ask("nobody there any more", in: folder) == nil)
    }

    @Test func theSocketIsItsOwnersAloneWhateverTheUmask() async throws {
        let tree = try ScratchTree()
        let folder = try StateFolder.create(in: tree.root)
        try await answering(in: folder) {
            var status = stat()
            #expect(lstat(folder.path + "/control.sock", &status) == 0)
            #expect(status.st_mode & S_IFMT == S_IFSOCK)
            #expect(status.st_mode & 0o777 == 0o600)
        }
        var status = stat()
        #expect(lstat(folder.path + "/control.sock", &status) != 0, "it is taken away in the end")
    }

    @Test func aSocketThatADeadProcessLeftIsNobodyAndIsReplaced() async throws {
        let tree = try ScratchTree()
        let folder = try StateFolder.create(in: tree.root)
        // What a killed watch leaves: the file is there, and nothing listens.
        let left = try ControlServer(in: folder)
        #expect(rename(folder.path + "/control.sock", folder.path + "/kept") == 0)
        left.stop()
        for await _ in left.requests {}
        #expect(rename(folder.path + "/kept", folder.path + "/control.sock") == 0)
        // The thread that listened closes the socket right after its stream has ended.
        try await until("nobody to be there") { try await ask("is anybody there?", in: folder) == nil }
        try await answering(in: folder) {
            let answer = try await ask("hello", in: folder)
            #expect(answer == ["one hello", "two hello"])
        }
    }

    @Test func aWorkspaceDeeperThanASocketAddressHasOneToo() async throws {
        let tree = try ScratchTree()
        var root = tree.root
        for _ in 0..<3 {
            root += "/" + String(repeating: "d", count: 80)
            #expect(mkdir(root, 0o700) == 0)
        }
        let folder = try StateFolder.create(in: root)
        try await answering(in: folder) {
            let answer = try await ask("deep", in: folder)
            #expect(answer == ["one deep", "two deep"])
        }
    }

    @Test func cancellingEndsTheWaitingForAnAnswer() async throws {
        let tree = try ScratchTree()
        let folder = try StateFolder.create(in: tree.root)
        let server = try ControlServer(in: folder)
        let asking = Task { try await ask("never answered", in: folder) }
        var requests = server.requests.makeAsyncIterator()
        let request = await requests.next()
        #expect(request?.line == Array("never answered".utf8))
        asking.cancel()
        await #expect(throws: CancellationError.self) { try await asking.value }
        request?.end()
        server.stop()
    }
}
