import FoundationEssentials
import SatchelCore

/// A file as Anthropic describes it: there is no state, since a stored file can be referred to at once.
struct AnthropicFileObject: Decodable, Hashable {
    var id: String
    /// The last path component of what was sent.
    var name: String
    /// Bytes.
    var size: Int64?
    var createdAt: Date?
    /// Nil for never.
    var expiresAt: Date?

    private enum Keys: String, CodingKey {
        case id, filename
        case size = "size_bytes"
        case createdAt = "created_at"
        case expiresAt = "expires_at"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        id = try container.decode(String.self, forKey: .id)
        name = container.lenient(String.self, .filename) ?? ""
        size = container.lenientNumber(.size)
        createdAt = container.lenient(String.self, .createdAt).flatMap(Self.date)
        expiresAt = container.lenient(String.self, .expiresAt).flatMap(Self.date)
    }

    /// Nil when the id is empty.
    var remoteFile: RemoteFile? {
        RemoteFileID(id).map { RemoteFile(id: $0, name: name, size: size, createdAt: createdAt, expiresAt: expiresAt) }
    }

    /// False once its content is gone; its description stays for up to 30 days, also in listings.
    func isLive(at now: Date) -> Bool { expiresAt.map { $0 > now } ?? true }

    /// RFC 3339, with or without fractions of a second.
    private static func date(_ text: String) -> Date? { try? Date(text, strategy: Date.ISO8601FormatStyle()) }
}

/// A page of `GET /v1/files`.
struct AnthropicFilePage: Decodable {
    var files: [AnthropicFileObject]
    /// Opaque; nil at the end.
    var next: String?

    private enum Keys: String, CodingKey {
        case data
        case next = "next_page"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        files = try container.readable([AnthropicFileObject].self, .data)
        next = container.lenient(String.self, .next).flatMap { $0.isEmpty ? nil : $0 }
    }
}
