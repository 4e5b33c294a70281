import FoundationEssentials
import Glibc
import SatchelTestSupport
import Testing

/// The watch as a service: what it tells the service manager, how it ends, and its unit file.
@Suite struct ServiceTests {
    private static let soon = [
        "SATCHEL_WATCH_QUIET": "50ms", "SATCHEL_WATCH_CAP": "500ms", "SATCHEL_WATCH_DELETE_HOLD": "100ms",
    ]

    /// Starts a watch that has a service manager; what is still running at the end is ended.
    private func serving(
        _ files: [RawBytes: RawBytes],
        environment: [String: String] = [:],
        isAbstract: Bool = false,
        _ body: (AtOpenAI, NotifySocket, SpawnedProcess) async throws -> Void
    ) async throws {
        try await AtOpenAI.with(files, environment: Self.soon.merging(environment) { $1 }) { at in
            let path = "\(at.satchel.home.root)/.run/notify"
            let manager = try NotifySocket(isAbstract ? "@\(path)" : path)
            defer { manager.stop() }
            at.satchel.set("NOTIFY_SOCKET", manager.name)
            let watch = try at.satchel.start(["watch"])
            at.satchel.set("NOTIFY_SOCKET", nil)
            try await body(at, manager, watch)
        }
    }

    private func manyFiles(_ count: Int) -> [RawBytes: RawBytes] {
        Dictionary(uniqueKeysWithValues: (0..<count).map { (RawBytes("file\($0).txt"), RawBytes("text \($0)\n")) })
    }

    // MARK: What it tells

    @Test(arguments: [false, true])
    func aServiceIsReadyWhenNothingIsMissedAnyMore(_ isAbstract: Bool) async throws {
        try await serving(["a.txt": "a\n"], isAbstract: isAbstract) { at, manager, watch in
            try await manager.line("READY=1")
            try await manager.line("STATUS=1 folders watched, openai in step")
            watch.send(SIGHUP)
            try await manager.line("RELOADING=1")
            try await manager.line("READY=1", count: 2)
            watch.send(SIGTERM)
            try await manager.line("STOPPING=1")
            try await watch.finish().check()
        }
    }

    @Test func aFirstSyncOfHoursIsNoStartThatFailed() async throws {
        try await AtOpenAI.with(manyFiles(3), environment: Self.soon) { at in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/files", times: 3)
            let manager = try NotifySocket("\(at.satchel.home.root)/.run/notify")
            defer { manager.stop() }
            at.satchel.set("NOTIFY_SOCKET", manager.name)
            let watch = try at.satchel.start(["watch"])
            try await gate.arrivals(3)
            try await manager.line("READY=1")
            try await manager.line("STATUS=3 files to send to openai")
            gate.open()
            try await manager.line("STATUS=1 folders watched, openai in step")
            watch.send(SIGTERM)
            try await watch.finish().check()
        }
    }

    @Test func anIdleWatchFeedsItsWatchdogAndAHungOneDoesNot() async throws {
        try await serving([:], environment: ["WATCHDOG_USEC": "200000"]) { at, manager, watch in
            try await watch.line(containing: "Ctrl-C stops")
            try await manager.line("WATCHDOG=1", count: 8)
            let gate = try TestGate()
            at.server.inject(.holdAnswer(gate), on: "POST /v1/files")
            try at.workspace.write("a.txt", "a\n")
            try await gate.arrivals()
            // Signs given until now may feed it twice more. Ten intervals of silence: nothing else shows an absence.
            try await Task.sleep(for: .milliseconds(400))
            let fed = manager.lines.count { $0 == "WATCHDOG=1" }
            try await Task.sleep(for: .seconds(2))
            #expect(manager.lines.count { $0 == "WATCHDOG=1" } <= fed + 1)
            gate.open()
            try await watch.line(containing: "↑  a.txt")
            try await manager.line("WATCHDOG=1", count: fed + 4)
            watch.send(SIGTERM)
            try await watch.finish().check()
        }
    }

    @Test func aSlowUploadIsNoHungWatch() async throws {
        let files: [RawBytes: RawBytes] = ["big.txt": RawBytes(String(repeating: "tea ", count: 200_000))]
        try await AtOpenAI.with(environment: Self.soon) { at in
            try at.satchel.home.makeFolder(".config/satchel")
            let limits = "accounts:\n  openai:\n    limits: {bandwidth: 200kB}\n"
            try at.satchel.home.write(".config/satchel/config.yaml", RawBytes(limits))
            for (path, text) in files { try at.workspace.write(path, text) }
            let manager = try NotifySocket("\(at.satchel.home.root)/.run/notify")
            defer { manager.stop() }
            at.satchel.set("NOTIFY_SOCKET", manager.name)
            at.satchel.set("WATCHDOG_USEC", "1600000")
            let watch = try at.satchel.start(["watch"])
            try await manager.line("STATUS=1 files to send")
            let before = manager.lines.count { $0 == "WATCHDOG=1" }
            // Four seconds at that speed.
            try await watch.line(containing: "↑  big.txt")
            #expect(manager.lines.count { $0 == "WATCHDOG=1" } >= before + 2)
            watch.send(SIGTERM)
            try await watch.finish().check()
        }
    }

    @Test func whoFetchesAKeyDoesNotSpeakForTheService() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: Self.soon) { at in
            let command = "[ -z \"$NOTIFY_SOCKET$WATCHDOG_USEC\" ] && echo \(at.openAI.key)"
            try at.satchel.home.makeFolder(".config/satchel")
            let lines = "accounts:\n  openai:\n    key_command: '\(command)'\n"
            try at.satchel.home.write(".config/satchel/config.yaml", RawBytes(lines))
            at.satchel.set("OPENAI_API_KEY", nil)
            let manager = try NotifySocket("\(at.satchel.home.root)/.run/notify")
            defer { manager.stop() }
            at.satchel.set("NOTIFY_SOCKET", manager.name)
            at.satchel.set("WATCHDOG_USEC", "60000000")
            try await at.satchel.run(["watch", "--to", "openai", "--once-settled"]).check()
            #expect(at.openAI.uploadCount == 1)
        }
    }

    // MARK: How it ends

    @Test func whatIsBeingSentArrivesBeforeAWatchEnds() async throws {
        try await AtOpenAI.with(manyFiles(40), environment: Self.soon) { at in
            let gate = try TestGate()
            at.server.inject(.hold(gate), on: "POST /v1/files", times: 8)
            let manager = try NotifySocket("\(at.satchel.home.root)/.run/notify")
            defer { manager.stop() }
            at.satchel.set("NOTIFY_SOCKET", manager.name)
            let watch = try at.satchel.start(["watch"])
            try await gate.arrivals(8)
            watch.send(SIGTERM)
            try await manager.line("STOPPING=1")
            gate.open()
            let ended = try await watch.finish().check()
            #expect(ended.stdout.split(separator: "\n").count { $0.hasPrefix("↑") } == 8)
            #expect(at.openAI.uploadCount == 8, "nothing more was begun")
            try await at.expectConvergence()
            #expect(at.openAI.uploadCount == 40)
        }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func whatDoesNotArriveInTimeIsLookedForLater(_ signal: Int32) async throws {
        try await AtOpenAI.with(manyFiles(3), environment: Self.soon) { at in
            let gate = try TestGate()
            at.server.inject(.holdAnswer(gate), on: "POST /v1/files", times: 3)
            let watch = try at.satchel.start(["watch", "--events"])
            try await gate.arrivals(3)
            watch.send(signal)
            // Five seconds on a machine that does nothing else.
            let ended = try await watch.finish(within: .seconds(15)).check()
            #expect(!ended.stdout.contains("cancelled") && ended.stderr.isEmpty, "nothing went wrong: \(ended)")
            gate.open()
            try await at.expectConvergence()
            #expect(at.openAI.uploadCount == 3, "nothing was sent twice")
            try at.expectHeld(Array(manyFiles(3).keys))
        }
    }

    @Test func aSecondSignalEndsAWatchAtOnce() async throws {
        try await serving([:]) { at, manager, watch in
            try await watch.line(containing: "Ctrl-C stops")
            let gate = try TestGate()
            at.server.inject(.holdAnswer(gate), on: "POST /v1/files")
            try at.workspace.write("a.txt", "a\n")
            try await gate.arrivals()
            watch.send(SIGTERM)
            try await manager.line("STOPPING=1")
            watch.send(SIGINT)
            #expect(try await watch.status(within: .seconds(3)) == 130)
            gate.open()
            try await at.expectConvergence()
            #expect(at.openAI.uploadCount == 1)
        }
    }

    @Test func aServiceThatCannotHaveItsKeyNowIsWorthAnotherStart() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"]) { at in
            try at.satchel.home.makeFolder(".config/satchel")
            let lines = "accounts:\n  openai:\n    key_command: 'exit 3'\n"
            try at.satchel.home.write(".config/satchel/config.yaml", RawBytes(lines))
            at.satchel.set("OPENAI_API_KEY", nil)
            // A person is told what helps.
            try await at.satchel.run(["watch", "--to", "openai"]).check(2)
            let manager = try NotifySocket("\(at.satchel.home.root)/.run/notify")
            defer { manager.stop() }
            at.satchel.set("NOTIFY_SOCKET", manager.name)
            let failure = try await at.satchel.failure("watch", "--to", "openai", status: 6)
            #expect(failure.message.contains("key_command exited with 3") && failure.retryable)
            // Nothing will make this one good.
            try await at.satchel.run(["watch", "--to", "nobody"]).check(2)
        }
    }

    // MARK: The unit

    private struct Unit: Decodable {
        var unit, path, action: String
        var text: String?
        var next: [String]
    }

    @Test func aUnitIsWrittenShownAndRemoved() async throws {
        try await AtOpenAI.with { at in
            let planned: Unit = try await at.satchel.document(["watch", "--install", "--dry-run"])
            #expect(planned.action == "to_write" && at.satchel.home.list(".config").isEmpty)
            let written: Unit = try await at.satchel.document(["watch", "--install"])
            #expect(written.action == "written" && written.text == planned.text)
            #expect(at.satchel.home.text(RawBytes(".config/systemd/user/\(written.unit)")) == written.text)
            #expect(written.next.contains("systemctl --user enable --now \(written.unit)"))
            #expect(written.text?.contains(at.openAI.key) == false, "a key is never written down")
            #expect(written.text?.contains("OPENAI_BASE_URL=\(at.openAI.baseURL)") == true)
            let again: Unit = try await at.satchel.document(["watch", "--install"])
            #expect(again.action == "unchanged")
            let text = try await at.satchel.run(["watch", "--install"]).check().stdout
            #expect(text.contains("enable-linger") && text.contains("OPENAI_API_KEY") && text.contains("daemon-reload"))
            #expect(!text.contains(at.openAI.key))
            let removed: Unit = try await at.satchel.document(["watch", "--uninstall"])
            #expect(removed.action == "removed")
            #expect(at.satchel.home.list(".config/systemd/user").isEmpty)
            let missing: Unit = try await at.satchel.document(["watch", "--uninstall"])
            #expect(missing.action == "missing")
        }
    }

    @Test func theServiceFindsAConfigurationThatIsNamedFromHere() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"]) { at in
            try at.workspace.write("own.yaml", "ttl: 2h\n")
            at.satchel.set("SATCHEL_CONFIG", "own.yaml")
            let unit: Unit = try await at.satchel.document(["watch", "--install", "--dry-run"])
            #expect(unit.text?.contains("SATCHEL_CONFIG=\(at.workspace.root)/own.yaml") == true, "\(unit)")
        }
    }

    @Test func nobodyElseMayWriteToTheUnitWhateverTheUmask() async throws {
        try await AtOpenAI.with { at in
            try at.satchel.home.makeFolder(".config/systemd/user")
            let under = ["/bin/sh", "-c", "umask 000; exec \"$@\"", "sh"]
            _ = try await at.satchel.run(["watch", "--install"], under: under).check()
            let unit = try #require(at.satchel.home.list(".config/systemd/user").first)
            var status = stat()
            let path = "\(at.satchel.home.root)/.config/systemd/user/\(String(decoding: unit.bytes, as: UTF8.self))"
            #expect(lstat(path, &status) == 0 && status.st_mode & 0o7777 == 0o644)
        }
    }

    @Test func somebodyElsesUnitIsLeftAlone() async throws {
        try await AtOpenAI.with { at in
            let planned: Unit = try await at.satchel.document(["watch", "--install", "--dry-run"])
            let path = RawBytes(".config/systemd/user/\(planned.unit)")
            try at.satchel.home.makeFolder(".config/systemd/user")
            try at.satchel.home.write(path, "[Service]\nExecStart=/bin/true\n")
            for arguments in [["--install"], ["--uninstall"]] {
                let refused = try await at.satchel.run(["watch"] + arguments).check(2)
                #expect(refused.stderr.contains("not written by satchel"))
            }
            #expect(at.satchel.home.text(path) == "[Service]\nExecStart=/bin/true\n")
        }
    }

    @Test(.enabled(if: access("/usr/bin/systemd-analyze", X_OK) == 0), arguments: ["plain", "50% of $HOME \"q\\u"])
    func systemdReadsTheUnitWithoutAWord(_ name: String) async throws {
        try await AtOpenAI.with { at in
            let root = "\(at.workspace.root)/\(name)"
            try at.workspace.makeFolder(RawBytes(name))
            try await at.satchel.run(["init", "--nested", "--quiet"], in: root).check()
            try await at.satchel.run(["watch", "--install", "--quiet"], in: root).check()
            let units = at.satchel.home.list(".config/systemd/user")
            let unit = try #require(units.first)
            let path = "\(at.satchel.home.root)/.config/systemd/user/\(String(decoding: unit.bytes, as: UTF8.self))"
            let surroundings = SpawnedProcess.Surroundings(
                folder: "/",
                environment: ["HOME": at.satchel.home.root, "XDG_RUNTIME_DIR": at.satchel.home.root]
            )
            let verify = try SpawnedProcess("/usr/bin/systemd-analyze", ["--user", "verify", path], surroundings)
            let finished = try await verify.finish().check()
            #expect(finished.stdout.isEmpty && finished.stderr.isEmpty, "\(finished)")
        }
    }
}
