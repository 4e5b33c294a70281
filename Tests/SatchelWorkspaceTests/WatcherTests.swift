import Glibc
import SatchelCore
import SatchelWorkspace
import Testing

/// One at a time, since libinotifytools serves one watcher per process.
@Suite(.serialized, .timeLimit(.minutes(2))) struct WatcherTests {}

extension WatcherTests {
    /// What every source of events must lead to.
    @Suite struct Changes {
        @Test(arguments: EventSourceKind.available)
        func nothingIsReportedOfWhatWasThereBefore(_ kind: EventSourceKind) async throws {
            try await withWatchedFolder(kind, prepare: { makeFolders(at: "\($0)/a/b/c") }) { folder in
                try await #expect(folder.dirty().names == [])
                #expect(folder.watcher.counts.watches == 4)
            }
        }

        @Test(arguments: EventSourceKind.available)
        func aFileIsReportedWhateverHappensToIt(_ kind: EventSourceKind) async throws {
            try await withWatchedFolder(kind, prepare: { makeFolders(at: "\($0)/a") }) { folder in
                folder.write("one", to: "a/f")
                try await #expect(folder.dirty().names == ["a/f"])
                folder.write("two", to: "a/f")
                try await #expect(folder.dirty().names == ["a/f"])
                truncate(folder.full("a/f"), 1)
                try await #expect(folder.dirty().names == ["a/f"])
                chmod(folder.full("a/f"), 0o600)
                try await #expect(folder.dirty().names == ["a/f"])
                link(folder.full("a/f"), folder.full("a/g"))
                try await #expect(folder.dirty().names.contains("a/g"))
                symlink("f", folder.full("a/s"))
                try await #expect(folder.dirty().names == ["a/s"])
                folder.rename("a/f", to: "h")
                try await #expect(folder.dirty().names == ["a/f", "h"])
                unlink(folder.full("h"))
                try await #expect(folder.dirty().names == ["h"])
            }
        }

        @Test(arguments: EventSourceKind.available)
        func namesAreBytes(_ kind: EventSourceKind) async throws {
            let name: [UInt8] = [0x66, 0xff, 0x0a, 0xc3, 0x28]
            let long = [UInt8](repeating: 0xfe, count: 255)
            try await withWatchedFolder(kind) { folder in
                let path = WorkspacePath(unchecked: name)
                for bytes in [name, long] { withPath(folder.root, bytes) { mkdir($0, 0o755) } }
                try await #expect(folder.dirty() == Scope([path, WorkspacePath(unchecked: long)]))
                withPath(folder.root, name + Array("/f".utf8)) { close(creat($0, 0o600)) }
                try await #expect(folder.dirty() == .paths([path.appending("f".utf8)]))
            }
        }

        @Test(arguments: EventSourceKind.available)
        func nothingIsReportedOfGitOrSatchelOrPrunedFolders(_ kind: EventSourceKind) async throws {
            let prunes: @Sendable (WorkspacePath) -> Bool = { $0.name.elementsEqual("build".utf8) }
            let prepare = { (root: String) in makeFolders(at: "\(root)/build/deep") }
            try await withWatchedFolder(kind, prunes: prunes, prepare: prepare) { folder in
                for name in [".git/objects", ".satchel/objects", "src/.git", "src/build/x", "build/more"] {
                    folder.makeFolder(name)
                }
                try await #expect(folder.dirty().names == ["src"])
                for name in [".git/index", ".satchel/db", "src/.git/index", "src/build/x/o", "build/deep/o"] {
                    folder.write("x", to: name)
                }
                try await #expect(folder.dirty().names == [])
                #expect(folder.watcher.counts.watches == 2)
            }
        }

        @Test(arguments: EventSourceKind.available)
        func filesInFreshNestedFoldersAreAllNoticed(_ kind: EventSourceKind) async throws {
            try await withWatchedFolder(kind) { folder in
                let places = (0..<400).map { "n\($0 % 4)/a\($0 % 20)/b\($0 % 100)/c\($0)" }
                for place in places {
                    folder.makeFolder(place)
                    folder.write("x", to: "\(place)/f")
                }
                let first = try await folder.dirty()
                #expect(places.filter { !first.contains("\($0)/f") } == [])
                for place in places { folder.write("y", to: "\(place)/f") }
                let second = try await folder.dirty()
                #expect(places.filter { !second.contains("\($0)/f") } == [])
            }
        }

        @Test(arguments: EventSourceKind.available)
        func aTreeDeeperThanDescriptorsAllowIsWatched(_ kind: EventSourceKind) async throws {
            let deep = (0..<200).map { _ in "d" }.joined(separator: "/")
            try await withWatchedFolder(kind, prepare: { makeFolders(at: "\($0)/\(deep)") }) { folder in
                folder.write("x", to: "\(deep)/f")
                try await #expect(folder.dirty().names == ["\(deep)/f"])
                #expect(folder.watcher.counts.watches == 201)
            }
        }
    }
}
