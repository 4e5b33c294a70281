import Glibc
import SatchelCore
import SatchelTestSupport
import SatchelWorkspace
import Testing

extension WatcherTests {
    /// Folders that come, go and move.
    @Suite struct Folders {
        @Test(arguments: EventSourceKind.available)
        func aTreeThatIsMovedInIsWatched(_ kind: EventSourceKind) async throws {
            try await withTemporaryFolder { outside in
                makeFolders(at: "\(outside)/tree/a/b")
                writeFile("x", at: "\(outside)/tree/a/b/f")
                try await withWatchedFolder(kind) { folder in
                    folder.rename("\(outside)/tree", to: "tree")
                    try await #expect(folder.dirty().names == ["tree"])
                    folder.write("y", to: "tree/a/b/f")
                    try await #expect(folder.dirty().names == ["tree/a/b/f"])
                }
            }
        }

        @Test(arguments: EventSourceKind.available)
        func aTreeThatIsMovedOutIsForgotten(_ kind: EventSourceKind) async throws {
            try await withTemporaryFolder { outside in
                try await withWatchedFolder(kind, prepare: { makeFolders(at: "\($0)/tree/a/b") }) { folder in
                    folder.rename("tree", to: "\(outside)/tree")
                    try await #expect(folder.dirty().names == ["tree"])
                    writeFile("y", at: "\(outside)/tree/a/b/f")
                    try await #expect(folder.dirty().names == [])
                    try await until("as many watches as folders") { folder.watcher.counts.watches == 1 }
                    folder.rename("\(outside)/tree", to: "back")
                    try await #expect(folder.dirty().names == ["back"])
                    folder.write("y", to: "back/a/b/f")
                    try await #expect(folder.dirty().names == ["back/a/b/f"])
                }
            }
        }

        @Test(arguments: EventSourceKind.available)
        func editsBelowARenamedFolderHaveTheNewName(_ kind: EventSourceKind) async throws {
            try await withWatchedFolder(kind, prepare: { makeFolders(at: "\($0)/old/a/b") }) { folder in
                folder.rename("old", to: "new")
                try await #expect(folder.dirty().names == ["new", "old"])
                folder.write("x", to: "new/a/b/f")
                try await #expect(folder.dirty().names == ["new/a/b/f"])
                #expect(folder.watcher.counts.watches == 4)
                folder.makeFolder("older")
                folder.rename("new/a", to: "older/a")
                folder.write("y", to: "older/a/b/f")
                try await #expect(folder.dirty().names == ["new/a", "older"])
                folder.write("z", to: "older/a/b/f")
                try await #expect(folder.dirty().names == ["older/a/b/f"])
            }
        }

        @Test(arguments: EventSourceKind.available)
        func foldersThatTradeTheirNamesAreToldApart(_ kind: EventSourceKind) async throws {
            let prepare = { (root: String) in
                makeFolders(at: "\(root)/one/x/deep")
                makeFolders(at: "\(root)/two/y/deep")
            }
            try await withWatchedFolder(kind, prepare: prepare) { folder in
                try exchange(folder.full("one"), folder.full("two"))
                try await #expect(folder.dirty().names == ["one", "two"])
                folder.write("x", to: "one/y/deep/f")
                folder.write("x", to: "two/x/deep/g")
                try await #expect(folder.dirty().names == ["one/y/deep/f", "two/x/deep/g"])
                folder.rename("one", to: "third")
                folder.rename("two", to: "one")
                folder.rename("third", to: "two")
                try await #expect(folder.dirty().names == ["one", "third", "two"])
                folder.write("x", to: "one/x/deep/f")
                folder.write("x", to: "two/y/deep/g")
                try await #expect(folder.dirty().names == ["one/x/deep/f", "two/y/deep/g"])
                #expect(folder.watcher.counts.watches == 7)
            }
        }

        @Test(arguments: EventSourceKind.available)
        func aDeletedTreeLeavesNothingBehind(_ kind: EventSourceKind) async throws {
            try await withWatchedFolder(kind) { folder in
                for round in 0..<3 {
                    for name in 0..<50 { folder.makeFolder("tree/\(name)/a/b") }
                    try await #expect(folder.dirty().names == ["tree"])
                    #expect(folder.watcher.counts.watches == 152)
                    folder.remove("tree")
                    let dirty = try await folder.dirty()
                    #expect(dirty.contains("tree"), "round \(round)")
                    // A folder that the watcher itself has open while it is deleted gives its watch back after that.
                    try await until("as many watches as folders") { folder.watcher.counts.watches == 1 }
                }
            }
        }

        @Test(arguments: EventSourceKind.available)
        func aFolderThatIsDeletedAndMadeAgainIsWatched(_ kind: EventSourceKind) async throws {
            try await withWatchedFolder(kind, prepare: { makeFolders(at: "\($0)/a/b") }) { folder in
                for _ in 0..<20 {
                    folder.remove("a")
                    folder.makeFolder("a/b")
                    folder.write("x", to: "a/b/f")
                }
                try await #expect(folder.dirty().names == ["a"])
                folder.write("y", to: "a/b/f")
                try await #expect(folder.dirty().names == ["a/b/f"])
                try await until("as many watches as folders") { folder.watcher.counts.watches == 3 }
            }
        }

        @Test(arguments: EventSourceKind.available)
        func aFolderReplacedByASymlinkIsNotFollowed(_ kind: EventSourceKind) async throws {
            try await withTemporaryFolder { outside in
                makeFolders(at: "\(outside)/target/b")
                try await withWatchedFolder(kind, prepare: { makeFolders(at: "\($0)/a/b") }) { folder in
                    folder.remove("a")
                    symlink("\(outside)/target", folder.full("a"))
                    try await #expect(folder.dirty().names == ["a"])
                    writeFile("x", at: "\(outside)/target/b/f")
                    writeFile("x", at: "\(outside)/target/f")
                    try await #expect(folder.dirty().names == [])
                    try await until("as many watches as folders") { folder.watcher.counts.watches == 1 }
                }
            }
        }

        @Test(arguments: EventSourceKind.available)
        func aFolderThatBecomesReadableIsWatched(_ kind: EventSourceKind) async throws {
            let prepare = { (root: String) in
                makeFolders(at: "\(root)/a/b")
                chmod("\(root)/a", 0)
            }
            try await withWatchedFolder(kind, prepare: prepare) { folder in
                chmod(folder.full("a"), 0o755)
                try await #expect(folder.dirty().names == ["a"])
                folder.write("x", to: "a/b/f")
                try await #expect(folder.dirty().names == ["a/b/f"])
            }
        }

        @Test(arguments: EventSourceKind.available)
        func foldersThatAreNoLongerPrunedAreWatchedAfterARescan(_ kind: EventSourceKind) async throws {
            let pruned = Pruned(names: ["build"])
            let prepare = { (root: String) in
                makeFolders(at: "\(root)/build/a")
                makeFolders(at: "\(root)/docs/a")
            }
            try await withWatchedFolder(kind, prunes: pruned.contains, prepare: prepare) { folder in
                folder.write("x", to: "build/a/f")
                try await #expect(folder.dirty().names == [])
                pruned.set(["docs"])
                await folder.watcher.rescanWatches()
                try await #expect(folder.dirty().names == ["build"])
                folder.write("x", to: "build/a/f")
                folder.write("x", to: "docs/a/f")
                try await #expect(folder.dirty().names == ["build/a/f"])
                #expect(folder.watcher.counts.watches == 3)
            }
        }
    }
}

/// renameat2(2) with RENAME_EXCHANGE, which Swift's Glibc module leaves out.
private func exchange(_ one: String, _ other: String) throws {
    typealias Renameat2 = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
    let symbol = try #require(dlsym(nil, "renameat2"))
    let renameat2 = unsafeBitCast(symbol, to: Renameat2.self)
    let renameExchange: UInt32 = 2
    try #require(renameat2(AT_FDCWD, one, AT_FDCWD, other, renameExchange) == 0)
}
