import Glibc
import SatchelTestSupport
import Testing

/// A watch that loses what it stands on: it says so, asks, and deletes nothing.
@Suite struct LossTests {
    private static let files: [RawBytes: RawBytes] = [
        "a.txt": "a\n", "b.txt": "b\n", "c/d.txt": "d\n", "c/e/f.txt": "f\n",
    ]

    /// Nothing is deleted from the account, nothing forgotten, and the next sync asks as well.
    private func expectNothingLost(_ watch: AtWatch) async throws {
        #expect(watch.at.openAI.files.count == 4)
        #expect(watch.at.server.requests("DELETE /v1/files/*").isEmpty)
        #expect(try await watch.at.satchel.list().files.count == 4)
        let asked = try await watch.at.satchel.sync(status: 4)
        #expect(asked.stopped != nil)
        for (path, content) in Self.files { try watch.workspace.write(path, content) }
        #expect(try await watch.at.satchel.sync().summary.unchanged == 4)
        #expect(watch.at.openAI.uploadCount == 4)
    }

    @Test func anEmptiedWorkspaceEndsTheWatchWhichAsks() async throws {
        try await AtWatch.with(Self.files, environment: ["SATCHEL_KEEP_UNREFERENCED": "0s"]) { watch in
            try await watch.shell("rm -r a.txt b.txt c")
            let finished = try await watch.process.finish().check(4)
            #expect(finished.stderr.contains("--yes"), "\(finished)")
            try await expectNothingLost(watch)
        }
    }

    @Test func aWorkspaceEmptiedPieceByPieceEndsTheWatchToo() async throws {
        try await AtWatch.with(Self.files, environment: ["SATCHEL_KEEP_UNREFERENCED": "0s"]) { watch in
            try await watch.shell("rm a.txt b.txt")
            try await watch.process.line(containing: "-  b.txt")
            try await watch.shell("rm -r c")
            _ = try await watch.process.finish().check(4)
            #expect(watch.at.server.requests("DELETE /v1/files/*").isEmpty)
        }
    }

    @Test func aWorkspaceThatIsReplacedEndsTheWatch() async throws {
        try await AtWatch.with(Self.files) { watch in
            let root = watch.workspace.root
            // Done to the folder above, of which the kernel tells the watched one nothing.
            try await watch.shell(
                "mv \"\(root)\" \"\(root).old\"; mkdir \"\(root)\"; mv \"\(root).old/.satchel\" \"\(root)\""
            )
            let finished = try await watch.process.finish().check(4)
            #expect(finished.stderr.contains("nothing was deleted"), "\(finished)")
            try await expectNothingLost(watch)
            try await AtWatch.shell("rm -r \"\(root).old\"", in: "/", outside: "/tmp")
        }
    }

    @Test(arguments: ["", "mkdir .satchel", "echo 'retries: 3' >> satchel.yaml", "sync"])
    func aStateFolderThatIsRemovedEndsTheWatchBeforeItSendsMore(_ then: String) async throws {
        try await AtWatch.with(Self.files) { watch in
            try await watch.shell("rm -r .satchel")
            if then.contains("sync") {
                // Nobody holds the new one. It sends what the old one had sent: that is forgotten.
                try await watch.at.satchel.run(["init", "--quiet"]).check()
                watch.workspace.remove("satchel.yaml")
                try await watch.at.satchel.sync()
            } else {
                try await watch.shell(then)
            }
            let sent = watch.at.openAI.uploadCount
            try watch.workspace.write("new.txt", "new\n")
            let finished = try await watch.process.finish().check(4)
            #expect(finished.stderr.contains(".satchel: it was removed or replaced"), "\(finished)")
            #expect(watch.at.openAI.uploadCount == sent)
            #expect(watch.at.server.requests("DELETE /v1/files/*").isEmpty)
        }
    }

    /// A shell script run as root of a user and mount namespace of its own; `$0` is the program.
    private static func namespace(_ script: String) -> [String] {
        ["/usr/bin/unshare", "--user", "--map-root-user", "--mount", "/bin/sh", "-euc", script]
    }

    private static func isPossible(_ script: String) -> Bool {
        var child = pid_t()
        let words = (namespace(script) + ["sh"]).map { strdup($0) as UnsafeMutablePointer<CChar>? } + [nil]
        defer { for word in words { free(word) } }
        guard posix_spawn(&child, "/usr/bin/unshare", nil, nil, words, nil) == 0 else { return false }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status == 0
    }

    private static let canMount = isPossible("mount -t tmpfs tmpfs /tmp 2> /dev/null")
    private static let canLimit = isPossible(
        "echo 5 > /proc/sys/user/max_inotify_watches; echo 5 > /proc/sys/user/max_inotify_instances"
    )

    @Test(.enabled(if: canMount, "namespaces of users and mounts are not to be had"))
    func aFileSystemThatIsTakenAwayEndsTheWatchWhenItLooks() async throws {
        try await AtOpenAI.with(Self.files, environment: AtWatch.soon) { at in
            let script = """
                cd /; mount -t tmpfs tmpfs "$ROOT/c"; mkdir "$ROOT/c/.satchel"
                for i in 1 2 3; do echo $i > "$ROOT/c/$i.txt"; done
                "$0" -C "$ROOT/c" init -q; rm -f "$ROOT/c/satchel.yaml"
                "$0" watch -C "$ROOT/c" & watch=$!
                read go < "$ROOT/go"; umount -l "$ROOT/c"; kill -HUP $watch; wait $watch
                """
            try at.workspace.makePipe("go")
            at.satchel.set("ROOT", at.workspace.root)
            let process = try at.satchel.start([], under: Self.namespace(script))
            try await process.line(containing: "Ctrl-C stops")
            try await AtWatch.shell("echo > go", in: at.workspace.root, outside: "/tmp")
            let finished = try await process.finish().check(4)
            #expect(finished.stderr.contains("nothing was deleted"), "\(finished)")
            #expect(at.openAI.files.count == 3)
            #expect(at.server.requests("DELETE /v1/files/*").isEmpty)
        }
    }

    @Test(.enabled(if: canLimit, "user namespaces are not to be had"))
    func withoutEnoughWatchesItSaysSoOnceAndLooksInstead() async throws {
        let files = Dictionary(uniqueKeysWithValues: (0..<30).map { (RawBytes("d\($0)/a.txt"), RawBytes("\($0)\n")) })
        let limited = Self.namespace("echo 12 > /proc/sys/user/max_inotify_watches; exec \"$0\" \"$@\"")
        try await AtWatch.with(files, environment: ["SATCHEL_WATCH_POLL": "200ms"], under: limited) { watch in
            try await watch.process.errorLine(containing: "sysctl user.max_inotify_watches=")
            for round in 1...3 {
                for index in 0..<30 { try watch.workspace.write("d\(index)/new/\(round).txt", RawBytes("\(round)\n")) }
                try await watch.shell("rm -rf d\(round); mv d1\(round) e\(round)")
                try await watch.expectInStep()
            }
            let notices = watch.process.stderr.split(separator: "\n").filter { $0.contains("sysctl") }
            #expect(notices.count == 1, "\(watch.process.stderr)")
        }
    }

    @Test(.enabled(if: canLimit, "user namespaces are not to be had"))
    func withoutAnInstanceItDoesNotStartAndSaysWhatHelps() async throws {
        try await AtOpenAI.with(Self.files) { at in
            let limited = Self.namespace("echo 0 > /proc/sys/user/max_inotify_instances; exec \"$0\" \"$@\"")
            let finished = try await at.satchel.run(["watch"], under: limited).check(2)
            #expect(finished.stderr.contains("sysctl user.max_inotify_instances="), "\(finished)")
            #expect(at.server.requests("POST /v1/files").isEmpty)
        }
    }

    @Test(
        .enabled(if: canLimit, "user namespaces are not to be had"),
        arguments: ["echo 0 > /proc/sys/user/max_inotify_instances", "mount -t tmpfs -o size=64k none .satchel"]
    )
    func aServiceThatFindsNoRoomIsWorthAnotherStart(_ shortage: String) async throws {
        try await AtOpenAI.with(Self.files) { at in
            let limited = Self.namespace("\(shortage); exec \"$0\" \"$@\"")
            // A person is told what helps.
            try await at.satchel.run(["watch"], under: limited).check(2)
            let manager = try NotifySocket("\(at.satchel.home.root)/.run/notify")
            defer { manager.stop() }
            at.satchel.set("NOTIFY_SOCKET", manager.name)
            let finished = try await at.satchel.run(["watch"], under: limited).check(6)
            #expect(finished.stderr.contains("sysctl") || finished.stderr.contains("free some space"), "\(finished)")
        }
    }
}
