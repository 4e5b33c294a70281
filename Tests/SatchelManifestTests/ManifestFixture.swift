import FoundationEssentials
import GRDB
import SatchelCore
import SatchelManifest
import SatchelTestSupport

/// A manifest in a folder of its own, with some accounts and contents to try things with.
struct ManifestFixture: Sendable {
    let folder: TemporaryWorkspace
    let manifest: Manifest
    let now = Date(timeIntervalSince1970: 1_800_000_000)

    init() throws {
        folder = try TemporaryWorkspace()
        manifest = try Manifest(at: "\(folder.root)/manifest.db")
    }

    func account(_ provider: ProviderID = .openai, key: String = "k") async throws -> AccountID {
        try await manifest.account(
            provider: provider,
            baseURL: provider == .local ? "" : "https://api.example.org/v1",
            keyFingerprint: provider == .local ? "" : key,
            label: provider.rawValue,
            at: now
        )
    }

    static func digest(_ text: String) -> ContentDigest { independentDigest(of: Array(text.utf8)) }

    static func path(_ text: String) -> WorkspacePath { WorkspacePath(unchecked: Array(text.utf8)) }

    /// Remembers a file with this text, as a scan does.
    func remember(_ path: String, _ text: String) async throws {
        let file = HashedFile(
            path: Self.path(path),
            fingerprint: Fingerprint(size: Int64(text.utf8.count), modified: 1, changed: 2, inode: 3),
            digest: Self.digest(text),
            media: .text,
            isRacy: false
        )
        try await manifest.record([file])
    }

    /// Announces the upload of a text.
    func begin(_ text: String, in account: AccountID) async throws -> Int64 {
        let intent = Manifest.Intent(
            digest: Self.digest(text),
            size: Int64(text.utf8.count),
            media: .text,
            uploadName: "\(text).txt"
        )
        return try await manifest.beginUploads([intent], in: account, at: now)[0]
    }

    /// Brings a file in step: remembered, uploaded under `id`, and linked.
    @discardableResult
    func upload(_ path: String, _ text: String, as id: String, in account: AccountID) async throws -> Int64 {
        try await remember(path, text)
        let row = try await begin(text, in: account)
        try await manifest.finishUploads(
            [.ready(row: row, remote(id), ledgerPath: Self.path(path))],
            linking: [(Self.path(path), Self.digest(text))],
            at: now
        )
        return row
    }

    func remote(_ id: String) throws -> RemoteFile {
        guard let id = RemoteFileID(id) else { throw SystemFailure("make an id", 0) }
        return RemoteFile(
            id: id,
            name: "x.txt",
            size: 1,
            createdAt: now,
            expiresAt: now.addingTimeInterval(86400)
        )
    }

    /// What stands in the file itself, past all of the program's own reading.
    func value<Value: DatabaseValueConvertible & Sendable>(_ sql: String, as type: Value.Type) throws -> Value? {
        try DatabaseQueue(path: manifest.path).read { try Value.fetchOne($0, sql: sql) }
    }
}
