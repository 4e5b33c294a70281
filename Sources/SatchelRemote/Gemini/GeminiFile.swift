import FoundationEssentials
import SatchelCore

/// A file as the Gemini API describes it, read with patience: only the name must be there.
struct GeminiFile: Decodable, Hashable {
    enum State: Hashable {
        case active
        case processing
        case failed(String)
    }

    var name: GeminiName
    var displayName: String?
    /// Bytes.
    var size: Int64?
    var createdAt: Date?
    var expiresAt: Date?
    var sha256Hash: String?
    var uri: String?
    var state: State

    private enum Keys: CodingKey {
        case name, displayName, sizeBytes, createTime, expirationTime, sha256Hash, uri, state, error
    }

    private struct Failure: Decodable {
        var message: String?
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        guard let name = GeminiName(try container.decode(String.self, forKey: .name)) else {
            throw DecodingError.dataCorruptedError(forKey: .name, in: container, debugDescription: "no name of a file")
        }
        self.name = name
        displayName = container.lenient(String.self, .displayName)
        // 64 bits are written in quotes.
        size = container.lenientNumber(.sizeBytes)
        createdAt = container.lenient(String.self, .createTime).flatMap { moment($0) }
        expiresAt = container.lenient(String.self, .expirationTime).flatMap { moment($0) }
        sha256Hash = container.lenient(String.self, .sha256Hash)
        uri = container.lenient(String.self, .uri)
        switch container.lenient(String.self, .state) {
        case "PROCESSING": state = .processing
        case "FAILED":
            let why = container.lenient(Failure.self, .error)?.message
            state = .failed(why.map { String(printable($0).prefix(200)) } ?? "the provider gives no reason")
        // Servers that process nothing leave it out.
        default: state = .active
        }
    }

    /// Whether it is this content; nil when the answer does not say.
    func holds(_ digest: ContentDigest) -> Bool? { self.digest.map { $0 == digest } }

    /// What the answer says its content is; nil when it does not.
    ///
    /// The hash is base64 of the 64 hexadecimal digits, where the documentation promises base64 of the 32 bytes.
    var digest: ContentDigest? {
        guard let sha256Hash, !sha256Hash.isEmpty else { return nil }
        if let plain = ContentDigest(hex: sha256Hash) { return plain }
        guard let data = Data(base64Encoded: sha256Hash) else { return nil }
        let bytes = Array(data)
        return ContentDigest(bytes) ?? ContentDigest(hex: String(decoding: bytes, as: UTF8.self))
    }

    /// What the rest of the program is told.
    func remoteFile(at endpoint: Endpoint) -> RemoteFile? {
        guard let id = GeminiReference(name, uri: uri, at: endpoint).id else { return nil }
        let state: RemoteFile.State =
            switch state {
            case .active: .ready
            case .processing: .processing
            case .failed(let why): .failed(why)
            }
        return RemoteFile(
            id: id,
            name: displayName ?? "",
            size: size,
            createdAt: createdAt,
            expiresAt: expiresAt,
            state: state,
            digest: digest
        )
    }
}

/// The answer to the last piece of an upload.
struct GeminiUploadReply: Decodable {
    var file: GeminiFile
}

/// A page of `GET /v1beta/files`; an account that holds nothing answers `{}`.
struct GeminiListReply: Decodable {
    var files: [GeminiFile]
    var next: String?

    private enum Keys: CodingKey {
        case files, nextPageToken
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        let isEmpty = (try? container.decodeNil(forKey: .files)) ?? true
        files = isEmpty ? [] : try container.readable([GeminiFile].self, .files)
        next = container.lenient(String.self, .nextPageToken).flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// The moment of `2026-11-21T10:00:00.415855131Z`: any number of digits behind the point, which the parser of the
/// standard library does not take.
private func moment(_ text: String) -> Date? {
    guard let point = text.firstIndex(of: ".") else { return try? Date(text, strategy: .iso8601) }
    let digits = text[text.index(after: point)...].prefix { $0.isASCII && $0.isNumber }
    let rest = text[digits.endIndex...]
    guard let whole = try? Date(text[..<point] + rest, strategy: .iso8601) else { return nil }
    return whole.addingTimeInterval(Double("0.\(digits)") ?? 0)
}
