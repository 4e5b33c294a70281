import FoundationEssentials
import SatchelCore

/// A file as Mistral describes it, read with patience: only the id must be there.
struct MistralFile: Decodable, Hashable {
    var id: String
    var name: String
    /// Bytes; null in some documented examples.
    var size: Int64?
    /// Seconds since 1970.
    var createdAt: Int64?
    /// Seconds since 1970; most replies leave it out.
    var expiresAt: Int64?
    var purpose: String?
    /// Said of files that can still be looked up but not used.
    var isDeleted: Bool

    private enum Keys: String, CodingKey {
        case id, filename, bytes, purpose, deleted
        case createdAt = "created_at"
        case expiresAt = "expires_at"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        id = try container.decode(String.self, forKey: .id)
        name = container.lenient(String.self, .filename) ?? ""
        size = container.lenientNumber(.bytes)
        createdAt = container.lenientNumber(.createdAt)
        expiresAt = container.lenientNumber(.expiresAt).flatMap { $0 > 0 ? $0 : nil }
        purpose = container.lenient(String.self, .purpose)
        isDeleted = container.lenient(Bool.self, .deleted) ?? false
    }

    /// Nil when the id is empty or the file deleted.
    ///
    /// What the reply does not say about its end follows from its beginning: files are kept for 30 days.
    var remoteFile: RemoteFile? {
        guard !isDeleted, let id = RemoteFileID(id) else { return nil }
        return RemoteFile(
            id: id,
            name: name,
            size: size,
            createdAt: createdAt.map { Date(timeIntervalSince1970: Double($0)) },
            expiresAt: end.map { Date(timeIntervalSince1970: Double($0)) },
            purpose: purpose
        )
    }

    private var end: Int64? {
        if let expiresAt { return expiresAt }
        guard let createdAt else { return nil }
        let (end, isOutOfRange) = createdAt.addingReportingOverflow(mistralRetention)
        return isOutOfRange ? nil : end
    }
}

/// A page of `GET /v1/files`.
struct MistralFileList: Decodable {
    var files: [MistralFile]
    /// Files of all pages; nil where the server does not count them.
    var total: Int64?

    private enum Keys: CodingKey {
        case data, total
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        files = try container.readable([MistralFile].self, .data)
        total = container.lenientNumber(.total)
    }
}
