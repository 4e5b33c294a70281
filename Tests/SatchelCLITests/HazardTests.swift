import Glibc
import SatchelTestSupport
import Testing

/// What breaks watchers, done to the built program; docs/watching.md lists it.
@Suite struct HazardTests {
    @Test func twentyThousandFilesMadeWhileItWasStoppedAreAllSeen() async throws {
        let folders = (0..<10).map { "in\($0)" }
        let files = Dictionary(uniqueKeysWithValues: folders.map { (RawBytes("\($0)/a.txt"), RawBytes("a\n")) })
        try await AtWatch.with(files) { watch in
            try await watch.whileStopped {
                // More events than the kernel keeps. Few contents, so that the provider is not what is measured.
                for index in 0..<20_000 {
                    try watch.workspace.write("in\(index % 10)/f\(index).txt", "\(index % 50)\n")
                }
                for folder in folders { try watch.workspace.write("\(folder)/deeper/b.txt", "b\n") }
            }
            _ = try await watch.at.server.request("POST /v1/files", count: 52, within: .seconds(300))
            try await until("every file to be listed with its copy", within: .seconds(300)) {
                try await watch.at.satchel.list().files.count { !$0.remotes.isEmpty } == 20_020
            }
            #expect(watch.at.openAI.uploadCount == 52)
            #expect(try await watch.differences() == [])
            // The watches are right again as well.
            try watch.workspace.write("in3/deeper/c.txt", "c\n")
            try await watch.process.line(containing: "↑  in3/deeper/c.txt")
        }
    }

    @Test func aFolderReplacedByALinkWhileItWasStoppedIsNotFollowed() async throws {
        try await AtWatch.with(["docs/a.txt": "a\n", "docs/deep/b.txt": "b\n", "c.txt": "c\n"]) { watch in
            try await watch.whileStopped {
                try await watch.shell(
                    """
                    mkdir -p "$OUT/other/deep"; echo other > "$OUT/other/a.txt"; echo other > "$OUT/other/deep/b.txt"
                    rm -r docs; ln -s "$OUT/other" docs
                    """
                )
            }
            try await watch.process.line(containing: "-  docs/a.txt")
            try await watch.process.line(containing: "-  docs/deep/b.txt")
            try await watch.shell("echo edited > \"$OUT/other/deep/b.txt\"; echo end > end.txt")
            try await watch.process.line(containing: "↑  end.txt")
            try await watch.expectInStep()
            #expect(!watch.at.openAI.files.contains { $0.text == "other\n" || $0.text == "edited\n" })
        }
    }

    @Test func editsBelowSwappedAndRenamedFoldersHaveTheRightNames() async throws {
        let files: [RawBytes: RawBytes] = ["a/x/y/1.txt": "1\n", "b/x/y/2.txt": "2\n", "c/x/y/3.txt": "3\n"]
        try await AtWatch.with(files) { watch in
            for round in 0..<10 {
                try await watch.shell(
                    """
                    mv a t; echo \(round)t > t/x/y/t.txt; mv b a; mv c b; mv t c
                    for d in a b c; do echo "\(round)$d" > $d/x/y/edit.txt; done
                    mv a/x z; mv b/x a/x; mv z b/x; echo "\(round) swapped" > a/x/y/swapped.txt
                    """
                )
                try await watch.expectInStep()
            }
        }
    }

    @Test func aFileThatIsDeletedAndMadeAgainAtOnceIsNeverMissed() async throws {
        try await AtWatch.with(["f.txt": "0\n"], environment: ["SATCHEL_WATCH_DELETE_HOLD": "1h"]) { watch in
            for round in 1...200 {
                watch.workspace.remove("f.txt")
                try watch.workspace.write("f.txt", RawBytes("\(round)\n"))
            }
            try await watch.expectInStep()
            #expect(!watch.process.stdout.contains("-  f.txt"))
        }
    }

    @Test func whatBecomesSomethingElseIsFollowed() async throws {
        try await AtWatch.with(["f": "file\n", "target.txt": "target\n"]) { watch in
            try await watch.shell("rm f; mkdir f; echo inside > f/x.txt")
            try await watch.process.line(containing: "↑  f/x.txt")
            try await watch.expectInStep()
            try await watch.shell("rm -r f; ln -s target.txt f")
            try await watch.process.line(containing: "-  f/x.txt")
            try await watch.expectInStep()
            try await watch.shell("rm f; mkfifo f")
            try await watch.shell("rm f; echo file again > f")
            try await watch.process.line(containing: "↑  f ")
            try await watch.shell("rm f; mkdir -p f/x.txt; echo deeper > f/x.txt/y.txt")
            try await watch.process.line(containing: "↑  f/x.txt/y.txt")
            try await watch.expectInStep()
        }
    }

    @Test func aFolderThatWasMovedOutIsNoLongerWatched() async throws {
        try await AtWatch.with(["gone/deep/a.txt": "a\n", "stays.txt": "s\n"]) { watch in
            try await watch.shell("mv gone \"$OUT/gone\"; echo outside > \"$OUT/gone/deep/a.txt\"")
            try await watch.process.line(containing: "-  gone/deep/a.txt")
            try await until("its watches to be given up") { try await watchCount(watch) == 1 }
            try await watch.shell("echo again > \"$OUT/gone/deep/new.txt\"; echo end > end.txt")
            try await watch.process.line(containing: "↑  end.txt")
            try await watch.expectInStep()
            #expect(!watch.at.openAI.files.contains { $0.text == "outside\n" || $0.text == "again\n" })
        }
    }

    @Test func aTreeThatIsMovedInIsThereWhole() async throws {
        try await AtWatch.with(["a.txt": "a\n"]) { watch in
            try await watch.shell(
                """
                for i in 1 2 3 4 5; do mkdir -p "$OUT/tree/$i/deep/er"; echo $i > "$OUT/tree/$i/deep/er/f.txt"; done
                mv "$OUT/tree" tree; echo more > tree/3/deep/er/f.txt; mkdir -p tree/6/new; echo six > tree/6/new/f.txt
                """
            )
            try await watch.expectInStep()
            #expect(try await watch.at.satchel.list().files.count == 7)
        }
    }

    @Test func whatIsWrittenThroughOneNameOfAFileCountsForAll() async throws {
        try await AtWatch.with(
            ["a.txt": "before\n"],
            prepare: { at in
                try await AtWatch.shell(
                    "mkdir d; ln a.txt d/b.txt; ln a.txt c.txt",
                    in: at.workspace.root,
                    outside: "/tmp"
                )
            }
        ) { watch in
            try await watch.expectInStep()
            // The kernel names the name that was used, and no other.
            try await watch.shell("echo after, and longer > d/b.txt")
            try await watch.process.line(containing: "↑  d/b.txt")
            try await watch.expectInStep()
            try await watch.shell("echo and once more >> c.txt")
            try await watch.expectInStep()
            #expect(watch.at.openAI.uploadCount == 3)
        }
    }

    /// Whoever looks under the name that was written through finds nothing, or another file.
    @Test func whatIsWrittenThroughANameThatIsGoneByThenCountsForTheOthers() async throws {
        try await AtWatch.with(
            ["a.txt": "before\n"],
            prepare: { at in
                try await AtWatch.shell(
                    "mkdir d; ln a.txt d/b.txt; ln a.txt d/c.txt",
                    in: at.workspace.root,
                    outside: "/tmp"
                )
            }
        ) { watch in
            try await watch.expectInStep()
            try await watch.shell("echo after, and longer > d/b.txt; rm d/b.txt")
            try await watch.process.line(containing: "↑  a.txt")
            try await watch.expectInStep()
            try await watch.shell("echo and once more >> d/c.txt; echo new > d/new; mv d/new d/c.txt")
            try await watch.process.line(containing: "↑  a.txt", count: 2)
            try await watch.expectInStep()
        }
    }

    @Test func whatIsWrittenThroughANameOutsideIsSeenWhenAsked() async throws {
        try await AtWatch.with(["a.txt": "before\n"]) { watch in
            try await watch.shell("ln a.txt \"$OUT/outside.txt\"; echo end > end.txt")
            try await watch.process.line(containing: "↑  end.txt")
            try await watch.shell("echo written outside > \"$OUT/outside.txt\"")
            watch.process.send(SIGHUP)
            try await watch.process.line(containing: "↑  a.txt")
            try await watch.expectInStep()
        }
    }

    @Test func aWriteThroughAMapAfterTheCloseIsSeenWhenAsked() async throws {
        try await AtWatch.with(["a.bin": RawBytes(String(repeating: "a", count: 8192))]) { watch in
            let file = open("\(watch.workspace.root)/a.bin", O_RDWR | O_CLOEXEC)
            let map = try #require(mmap(nil, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0))
            close(file)
            try watch.workspace.write("end.txt", "end\n")
            try await watch.process.line(containing: "↑  end.txt")
            map.storeBytes(of: UInt8(ascii: "b"), toByteOffset: 5000, as: UInt8.self)
            msync(map, 8192, MS_SYNC)
            munmap(map, 8192)
            watch.process.send(SIGHUP)
            try await watch.process.line(containing: "↑  a.bin")
            try await watch.expectInStep()
        }
    }

    @Test func namesThatAreNoTextAreFilesLikeOthers() async throws {
        try await AtWatch.with(["a.txt": "a\n"]) { watch in
            let name = RawBytes([0x66, 0xff, 0x0a, 0xc3, 0x28])
            try watch.workspace.write(name, "a name of bytes\n")
            _ = try await watch.at.server.request("POST /v1/files", count: 2)
            try watch.workspace.write(RawBytes(name.bytes + Array(".d/x".utf8)), "a folder of bytes\n")
            _ = try await watch.at.server.request("POST /v1/files", count: 3)
            watch.workspace.remove(name)
            try await until("its removal") { try await watch.at.satchel.list().files.count == 2 }
        }
    }

    @Test func ignoredFoldersAndGitsOwnAreNotWatched() async throws {
        let files: [RawBytes: RawBytes] = [
            ".gitignore": "node_modules/\nbuild/\n", "a/b/c.txt": "c\n", "build/x/y.o": "o\n",
        ]
        try await AtWatch.with(
            files,
            prepare: { at in
                try await AtWatch.shell(
                    "git init -q .; git init -q other; mkdir other/deep; echo o > other/deep/o.txt",
                    in: at.workspace.root,
                    outside: at.satchel.home.root
                )
            }
        ) { watch in
            #expect(try await watchCount(watch) == 3)
            try await kernelWatches(watch, become: 3)
            try await watch.shell(
                """
                for i in $(seq 300); do mkdir -p a/node_modules/p$i/lib; echo $i > a/node_modules/p$i/lib/index.js; done
                git add a; git commit -qm one; echo end > a/end.txt
                """
            )
            try await watch.process.line(containing: "↑  a/end.txt")
            try await until("the watches on ignored folders to be given up") { try await watchCount(watch) == 3 }
            try await kernelWatches(watch, become: 3)
            #expect(watch.at.openAI.files.count == 2)
        }
    }

    @Test func rulesFromOutsideTheWorkspaceCountForAllFilesOnceAnythingChanges() async throws {
        try await AtWatch.with(
            ["a.tmp": "a\n", "b.tmp": "b\n", "c.txt": "c\n"],
            prepare: { at in
                try await AtWatch.shell("git init -q .", in: at.workspace.root, outside: at.satchel.home.root)
            }
        ) { watch in
            try await watch.shell("echo '*.tmp' >> .git/info/exclude; echo more >> c.txt")
            try await watch.process.line(containing: "-  a.tmp")
            try await watch.process.line(containing: "-  b.tmp")
            try await watch.shell("echo > .git/info/exclude; echo more >> c.txt")
            try await watch.expectInStep()
            #expect(try await watch.at.satchel.status().accounts.first?.inStep == 3)
        }
    }

    @Test func checkoutsOfDistantVersionsAreFollowedAndSentOnce() async throws {
        let make = """
            git init -q .
            for i in $(seq 200); do mkdir -p old/d$((i % 20)); echo "old $i" > old/d$((i % 20))/f$i.txt; done
            echo both > both.txt; git add -A; git commit -qm one; git tag one
            git mv old/d3 moved; git rm -qr old/d4 old/d5; git mv both.txt old/both.txt
            for i in $(seq 200); do mkdir -p new/e$((i % 10)); echo "new $i" > new/e$((i % 10))/f$i.txt; done
            for i in 7 27 47; do echo "changed $i" > old/d7/f$i.txt; done
            git add -A; git commit -qm two; git tag two
            """
        try await AtWatch.with(
            [:],
            prepare: { at in
                try await AtWatch.shell(make, in: at.workspace.root, outside: at.satchel.home.root)
            }
        ) { watch in
            for tag in ["one", "two", "one", "two"] {
                try await watch.shell("git -c advice.detachedHead=false checkout -q \(tag)")
                try await watch.expectInStep()
            }
            try await watch.shell("git checkout -q one; git checkout -q two; git checkout -q one")
            try await watch.expectInStep()
            #expect(watch.at.openAI.uploadCount == 404, "each content once")
        }
    }

    @Test func aLargeFileIsSentOnceItRests() async throws {
        try await AtWatch.with(["a.txt": "a\n"], environment: ["SATCHEL_MAX_FILE_SIZE": "100MB"]) { watch in
            let zeros = [UInt8](repeating: 0, count: 32 << 20)
            try watch.workspace.write("big.pdf", RawBytes(Array("%PDF-1.7\n".utf8) + zeros))
            try await watch.process.line(containing: "↑  big.pdf")
            try await watch.expectInStep()
            #expect(watch.at.openAI.uploadCount == 2)
        }
    }

    /// Waits until that many watches are left in the kernel, whatever is said of them.
    private func kernelWatches(_ watch: AtWatch, become count: Int) async throws {
        try await watch.shell(
            """
            for try in $(seq 600); do
                test $(cat /proc/\(watch.process.pid)/fdinfo/* | grep -c '^inotify wd:') = \(count) && exit; sleep 0.1
            done; exit 1
            """
        )
    }

    private func watchCount(_ watch: AtWatch) async throws -> Int64? {
        try await watch.at.satchel.run(["status", "--json"]).json?["watch"]?["watches"]?.int
    }
}
