internal import FoundationEssentials
internal import GRDB
internal import SatchelCore

/// Thrown when a row holds what the schema's checks should have kept out.
struct MalformedRow: Error, CustomStringConvertible {
    var description: String { "a row of the manifest is malformed" }
}

extension Row {
    func digest(_ index: Int) throws -> ContentDigest {
        guard let digest = try optionalDigest(index) else { throw MalformedRow() }
        return digest
    }

    func optionalDigest(_ index: Int) throws -> ContentDigest? {
        try withUnsafeData(atIndex: index) { data in
            data.flatMap { $0.withUnsafeBytes { ContentDigest($0) } }
        }
    }

    func workspacePath(_ index: Int) throws -> WorkspacePath {
        try withUnsafeData(atIndex: index) { data in WorkspacePath(unchecked: data.map { Array($0) } ?? []) }
    }

    func media(_ index: Int) -> MediaType { MediaType(rawValue: UInt8(truncatingIfNeeded: self[index] as Int)) ?? .binary }

    func date(_ index: Int) -> Date { Date(milliseconds: self[index]) }

    func optionalDate(_ index: Int) -> Date? { (self[index] as Int64?).map { Date(milliseconds: $0) } }
}

extension ContentDigest {
    var blob: Data { Data(bytes) }
}

extension WorkspacePath {
    var blob: Data { Data(bytes) }
}

extension Date {
    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }

    /// Milliseconds since 1970, clamped to what a reasonable clock can say.
    var milliseconds: Int64 { Int64((min(max(timeIntervalSince1970, -1e11), 1e12) * 1000).rounded()) }
}
