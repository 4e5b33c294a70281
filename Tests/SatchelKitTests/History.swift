import FoundationEssentials
import SatchelCore
import SatchelRemote
import SatchelTestSupport

@testable import SatchelKit

/// One random life of a workspace and its account, and what must hold at its end.
///
/// Everything it does follows from its seed, so that a failing one can be had again, and cut after fewer steps.
struct History {
    /// What did not hold, with the way to see it again.
    struct Failure: Error, CustomStringConvertible {
        let seed: UInt64
        let steps: Int
        let what: String
        var description: String { "SATCHEL_SEED=\(seed) SATCHEL_STEPS=\(steps): \(what)" }
    }

    let seed: UInt64
    private var chance: Chance
    private var fixture: WorkspaceFixture
    private let files: ScriptedProvider
    private let foreign: RemoteFileID
    /// The oracle: what the disk shows, by path.
    private var disk: [RawBytes: String] = [:]
    /// A content may be there twice for a while: renewed before its copy ends, or needed again while a delete fails.
    private var mayBeThereTwice: Bool
    private(set) var crashes = 0
    private(set) var syncs = 0

    private static let paths: [RawBytes] = [
        "a.txt", "b.txt", "c.md", "d/a.txt", "d/b.swift", "d/e/f.txt", "d/e/g.txt", "h", "i/j.txt", "k.txt",
    ]

    private static let faults: [ScriptedProvider.Step] = [
        .fail(ProviderError(.rateLimited(retryAfter: 0), "slow down")),
        .fail(ProviderError(.temporary(retryAfter: nil), "no")),
        .fail(ProviderError(.unreachable, "no route")), .fail(ProviderError(.answerLost, "lost")),
        .fail(ProviderError(.quota, "full")), .fail(ProviderError(.unauthorised, "who?")),
        .fail(ProviderError(.rejected, "no")), .fail(ProviderError(.badReply, "what?")),
        .failAfterwards(ProviderError(.answerLost, "lost")),
        .failAfterwards(ProviderError(.temporary(retryAfter: nil), "late")),
        .failAfterwards(ProviderError(.badReply, "what?")), .succeed,
    ]
    /// Those after which an account can still be asked whether something arrived.
    private static let faultsOfFind: [ScriptedProvider.Step] = Array(faults[..<4])

    init(seed: UInt64) throws {
        self.seed = seed
        chance = Chance(seed: seed)
        mayBeThereTwice = chance.once(in: 3)
        let clock = TestClock()
        files = ScriptedProvider(clock: clock)
        foreign = files.plant(name: "theirs.0123456789abcdef.txt", bytes: "theirs\n").id
        let environment = [
            "OPENAI_API_KEY": "sk-0", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "SATCHEL_ACCOUNT": "openai",
            "SATCHEL_KEEP_UNREFERENCED": mayBeThereTwice ? "0s" : "24h",
            "SATCHEL_PARALLEL_UPLOADS": "\(1 + chance.below(3))",
        ]
        fixture = try WorkspaceFixture(environment: environment, clock: clock)
    }

    /// Lives `steps` steps, then a quiet sync, a check and a clean-up.
    mutating func run(steps: Int) async throws {
        for step in 0..<steps {
            change(step)
            switch chance.below(8) {
            case 0...2: try await disturbedSync()
            case 3: passTime()
            case 4: try? await cleanUp()
            default: break
            }
        }
        files.forgetScripts()
        try await expectInStep(steps)
    }

    // MARK: Steps

    private mutating func change(_ step: Int) {
        let path = Self.paths[chance.below(Self.paths.count)]
        let other = Self.paths[chance.below(Self.paths.count)]
        switch chance.below(8) {
        case 0...3: write(chance.once(in: 4) ? "common \(chance.below(3))\n" : "text \(step)\n", to: path)
        case 4: if let text = disk[path] { write(text, to: other) }
        case 5:
            guard path != other, let text = disk[path] else { return }
            if (try? fixture.folder.move(path, to: other)) != nil {
                disk[path] = nil
                disk[other] = text
            }
        case 6:
            if disk.removeValue(forKey: path) != nil { fixture.folder.remove(path) }
        default:
            for path in disk.keys where path.bytes.starts(with: Array("d/".utf8)) {
                disk[path] = nil
                fixture.folder.remove(path)
            }
        }
    }

    private mutating func write(_ text: String, to path: RawBytes) {
        guard (try? fixture.folder.write(path, RawBytes(text))) != nil else { return }
        disk[path] = text
    }

    private mutating func passTime() {
        switch chance.below(4) {
        case 0: fixture.clock.advance(by: 60)
        case 1: fixture.clock.advance(by: 5 * 3600)
        case 2: fixture.clock.advance(by: 26 * 3600)
        // The account's clock is the same one here, and nobody's expired copies come back to life.
        default: if !files.hasExpired { fixture.clock.advance(by: -3 * 3600) }
        }
        mayBeThereTwice = true
    }

    private mutating func cleanUp() async throws {
        mayBeThereTwice = true
        var options = CleanupOptions()
        if chance.once(in: 2) { options.olderThan = 0 }
        _ = try await fixture.workspace.cleanup(try await connection(), options: options)
    }

    /// A sync at which some requests fail, and that may be cancelled or die.
    private mutating func disturbedSync() async throws {
        syncs += 1
        files.forgetScripts()
        for _ in 0..<chance.below(5) {
            let isLook = chance.once(in: 4)
            let fault = isLook ? Self.faultsOfFind[chance.below(4)] : Self.faults[chance.below(Self.faults.count)]
            files.script(isLook ? .find : chance.once(in: 4) ? .delete : .upload, fault)
        }
        var connection = try await connection()
        var crashing: CrashingProvider?
        let memory = try TemporaryWorkspace(named: "memory")
        if chance.once(in: 3) {
            let moment: CrashingProvider.Moment = chance.once(in: 2) ? .beforeTheCall : .afterTheCall
            let state = fixture.folder
            let dying = CrashingProvider(files, at: 1 + chance.below(6), moment) { copyState(of: state, to: memory) }
            crashing = dying
            connection.provider = retrying(dying)
        }
        let scope: Scope = chance.once(in: 4) ? Scope([WorkspacePath(unchecked: Array("d".utf8))]) : .everything
        var options = SyncOptions()
        options.isConfirmed = true
        let workspace = fixture.workspace
        let task = Task { [connection, options] in try await workspace.sync(scope, to: connection, options: options) }
        if chance.once(in: 6) { task.cancel() }
        if let report = try? await task.value, !report.summary.addsUp {
            throw Failure(seed: seed, steps: syncs, what: "the sums do not add up: \(report.summary)")
        }
        guard crashing?.hasCrashed == true else { return }
        crashes += 1
        fixture = try fixture.reopened(after: { folder in copyState(of: memory, to: folder) })
    }

    private func connection() async throws -> Connection {
        var connection = try await fixture.workspace.connect(notice: { _ in })
        connection.provider = retrying(files)
        return connection
    }

    private func retrying(_ provider: any FileProvider) -> RetryingProvider {
        let clock = fixture.clock
        return RetryingProvider(
            provider,
            policy: RetryPolicy(retries: 1),
            surroundings: RetryingProvider.Surroundings(now: { clock.now }, sleep: { _ in }, jitter: { 0 })
        )
    }

    // MARK: The end

    /// What the account has of ours.
    private var held: [RemoteFile] { files.files.filter { $0.id != foreign } }

    private func digests(of files: [RemoteFile]) -> [ContentDigest] {
        files.compactMap { self.files.bytes(of: $0.id) }.map { independentDigest(of: $0) }
    }

    private func expect(_ condition: Bool, _ steps: Int, _ what: @autoclosure () -> String) throws {
        if !condition { throw Failure(seed: seed, steps: steps, what: what()) }
    }

    private func expectInStep(_ steps: Int) async throws {
        let connection = try await connection()
        var options = SyncOptions()
        options.isConfirmed = true
        let last = try await fixture.workspace.sync(.everything, to: connection, options: options)
        try expect(last.failures.isEmpty && last.stop == nil && last.summary.addsUp, steps, "\(last.failures)")
        // What a sync lets go of has its own time from then on; copies that had expired are forgotten by the next.
        let next = try await fixture.workspace.sync(.everything, to: connection)
        let finds = next.entries.filter { $0.kind != .delete }
        try expect(finds.isEmpty && next.failures.isEmpty, steps, "a second sync finds \(finds) \(next.failures)")
        let third = try await fixture.workspace.sync(.everything, to: connection)
        try expect(third.isInStep, steps, "a third sync finds \(third.entries)")
        try await expectHeld(steps)
        let live = digests(of: held)
        try expect(mayBeThereTwice || live.count == Set(live).count, steps, "a content was sent twice")
        var all = CleanupOptions()
        all.olderThan = 0
        all.isConfirmed = true
        let cleanup = try await fixture.workspace.cleanup(connection, options: all)
        try expect(cleanup.failed.isEmpty, steps, "\(cleanup.failed)")
        try await expectHeld(steps)
        let left = digests(of: held)
        try expect(left.count == Set(left).count, steps, "a content is there twice")
        let wanted = Set(disk.values.map { independentDigest(of: Array($0.utf8)) })
        try expect(Set(left) == wanted, steps, "\(left.count) copies are left, \(wanted.count) wanted")
        try expect(files.files.contains { $0.id == foreign }, steps, "somebody else's file was deleted")
    }

    /// Each file of the disk is remembered with its digest, and the account has its bytes under the remembered id.
    private func expectHeld(_ steps: Int) async throws {
        let wanted = disk.mapValues { independentDigest(of: Array($0.utf8)) }
        let listed = try await fixture.workspace.list()
        let known = Dictionary(uniqueKeysWithValues: listed.map { (RawBytes($0.path.bytes), $0.digest) })
        try expect(known == wanted, steps, "remembered \(known), wanted \(wanted)")
        for file in listed {
            let id = file.remotes.first?.remoteID.flatMap { RemoteFileID($0) }
            let bytes = id.flatMap { id in held.contains { $0.id == id } ? files.bytes(of: id) : nil }
            let isThere = bytes.map { independentDigest(of: $0) } == file.digest
            try expect(isThere, steps, "\(file.path): \(file.remotes) is not what the account has")
        }
    }
}

/// Copies what a process that dies now would leave: the database before its log, as a reader would find them.
private func copyState(of folder: TemporaryWorkspace, to other: TemporaryWorkspace) {
    for name in ["manifest.db", "manifest.db-wal"] {
        let path = RawBytes(".satchel/\(name)")
        if let bytes = folder.read(path) { try? other.write(path, RawBytes(bytes)) } else { other.remove(path) }
    }
}
