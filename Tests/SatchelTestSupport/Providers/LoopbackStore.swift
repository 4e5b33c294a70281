import FoundationEssentials
package import SatchelCore
import Synchronization

/// What a loopback provider holds: files by id, per project, with a clock that the test advances.
///
/// Shared by all wire formats. A file that has expired is gone for every verb.
package final class LoopbackStore: Sendable {
    package struct File: Sendable {
        package var id: String
        package var project: String
        /// As stored, which is not always as sent.
        package var name: String
        /// `Content-Type` of the part it came in.
        package var contentType: String?
        package var purpose: String
        package var bytes: ArraySlice<UInt8>
        /// Seconds since 1970.
        package var createdAt: Int64
        package var expiresAt: Int64?

        package var size: Int { bytes.count }
        /// Computed anew at each call, by code that shares nothing with the program's own.
        package var sha256: ContentDigest { independentDigest(of: bytes) }
        package var text: String? { String(validating: bytes, as: UTF8.self) }
    }

    private struct State: Sendable {
        /// In the order of their uploads; nil where one was deleted.
        var files: [File?] = []
        /// Where each id is in ``files``: ten thousand files are looked up one by one in some tests.
        var places: [String: Int] = [:]
        var uploads = 0
        var deletes = 0
        var quota: Int?

        func live(_ id: String, of project: String, at now: Int64) -> File? {
            guard let place = places[id], let file = files[place] else { return nil }
            return file.project == project && !file.isExpired(at: now) ? file : nil
        }

        mutating func remove(_ id: String) {
            if let place = places.removeValue(forKey: id) { files[place] = nil }
        }
    }

    package let clock: TestClock
    private let seed: UInt64
    private let state = Mutex(State())

    /// - Parameters:
    ///   - clock: real time by default, since programs under test look at their own clock.
    ///   - seed: makes the ids; different for each store unless a golden needs them steady, so that an id sent to
    ///     the wrong account is never right by chance.
    package init(clock: TestClock = .running(), seed: UInt64 = .random(in: 1 ... .max)) {
        self.clock = clock
        self.seed = seed
    }

    // MARK: For tests

    /// The files that are neither deleted nor expired, in the order of their uploads.
    package var files: [File] {
        let now = clock.seconds
        return state.withLock { state in
            state.files.compactMap { file in file.flatMap { $0.isExpired(at: now) ? nil : $0 } }
        }
    }

    /// The live file of that stored name, the newest of several.
    package func file(named name: String) -> File? { files.last { $0.name == name } }

    /// Uploads that were carried out, whether or not their answer arrived.
    package var uploadCount: Int { state.withLock { $0.uploads } }

    /// Deletions that deleted something.
    package var deleteCount: Int { state.withLock { $0.deletes } }

    /// Bytes that a project may hold; nil for no limit.
    package var quota: Int? {
        get { state.withLock { $0.quota } }
        set { state.withLock { $0.quota = newValue } }
    }

    /// Makes a file vanish as if somebody else had deleted it.
    package func forget(_ id: String) { state.withLock { $0.remove(id) } }

    // MARK: For wire formats

    /// What an upload brings.
    struct Incoming {
        var project: String
        var name: String
        var contentType: String?
        var purpose: String
        var bytes: ArraySlice<UInt8>
        var lifetime: Int64?
    }

    /// Nil when the project's quota is used up.
    func add(_ incoming: Incoming, makeID: (UInt64) -> String) -> File? {
        let now = clock.seconds
        return state.withLock { state in
            if let quota = state.quota {
                let used = state.files.compactMap(\.self).filter {
                    $0.project == incoming.project && !$0.isExpired(at: now)
                }
                guard used.reduce(incoming.bytes.count, { $0 + $1.size }) <= quota else { return nil }
            }
            state.uploads += 1
            let file = File(
                id: makeID(mixed(seed &+ UInt64(state.uploads))),
                project: incoming.project,
                name: incoming.name,
                contentType: incoming.contentType,
                purpose: incoming.purpose,
                bytes: incoming.bytes,
                createdAt: now,
                expiresAt: incoming.lifetime.map { now + $0 }
            )
            state.places[file.id] = state.files.count
            state.files.append(file)
            return file
        }
    }

    func files(of project: String) -> [File] { files.filter { $0.project == project } }

    func file(_ id: String, of project: String) -> File? {
        let now = clock.seconds
        return state.withLock { $0.live(id, of: project, at: now) }
    }

    /// Also those that have expired, for providers that go on listing them; in the order of their uploads.
    func keptFiles(of project: String) -> [File] {
        state.withLock { state in state.files.compactMap(\.self).filter { $0.project == project } }
    }

    /// Also when it has expired.
    func keptFile(_ id: String, of project: String) -> File? {
        state.withLock { state in
            guard let place = state.places[id], let file = state.files[place] else { return nil }
            return file.project == project ? file : nil
        }
    }

    /// False when there is no such file.
    func delete(_ id: String, of project: String) -> Bool {
        let now = clock.seconds
        return state.withLock { state in
            guard state.live(id, of: project, at: now) != nil else { return false }
            state.remove(id)
            state.deletes += 1
            return true
        }
    }
}

extension LoopbackStore.File {
    func isExpired(at now: Int64) -> Bool { expiresAt.map { $0 <= now } ?? false }
}

/// Spreads consecutive numbers over all 64 bits (the finaliser of SplitMix64).
func mixed(_ number: UInt64) -> UInt64 {
    var word = number &* 0x9e37_79b9_7f4a_7c15
    word = (word ^ word &>> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word &>> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word &>> 31
}
