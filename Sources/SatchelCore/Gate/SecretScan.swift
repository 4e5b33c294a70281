/// One content on its way through the detector, piece by piece.
///
/// Holds about a mebibyte of it at most; the pieces may be cut anywhere.
package struct SecretScan {
    /// More places than this say no more; the content is not to leave either way.
    package static let most = 100
    private static let window = 1 << 20

    private let detector: SecretDetector
    private let hashing: any Hashing
    private var held: [UInt8] = []
    /// Bytes of ``held`` that were looked at already and stay only for what stands before a match.
    private var done = 0
    /// Lines and bytes before ``held``.
    private var lines = 0
    private var columnBase = 0
    private var found: [(offset: Int, rank: SecretMatch.Rank, length: Int, finding: SecretFinding)] = []
    private var dropped = 0
    /// UTF-16 with a byte order mark is looked at without its zero bytes; nil until the first bytes are there.
    private var isWide: Bool?

    package init(_ detector: SecretDetector, hashing: any Hashing) {
        self.detector = detector
        self.hashing = hashing
    }

    /// Takes the next piece.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if isWide == nil, bytes.count >= 2 { isWide = (bytes[0] ^ bytes[1]) == 1 && bytes[0] | 1 == 0xff }
        if isWide == true {
            held.append(contentsOf: bytes.lazy.filter { $0 != 0 })
        } else {
            held.append(contentsOf: bytes)
        }
        if held.count >= Self.window + SecretDetector.reach { look(upTo: held.count - SecretDetector.reach) }
    }

    /// What was found, in the order of the places, at most ``most``.
    package mutating func finish() -> [SecretFinding] {
        look(upTo: held.count)
        let sorted = found.sorted { ($0.offset, $0.rank) < ($1.offset, $1.rank) }
        var result: [SecretFinding] = []
        for item in sorted {
            let end = item.offset + item.length
            // `TOKEN=ghp_…` is one secret, and known by its better name.
            let isCovered = found.contains { other in
                other.rank < item.rank && other.offset < end && item.offset < other.offset + other.length
            }
            if !isCovered, result.last != item.finding { result.append(item.finding) }
        }
        return Array(result.prefix(Self.most))
    }

    /// All of `bytes` at once.
    package static func findings(
        in bytes: [UInt8],
        _ detector: SecretDetector,
        hashing: any Hashing
    ) -> [SecretFinding] {
        var scan = SecretScan(detector, hashing: hashing)
        bytes.withUnsafeBytes { scan.update($0) }
        return scan.finish()
    }

    private mutating func look(upTo end: Int) {
        let matches = held.withUnsafeBytes { bytes in
            if dropped == 0, done == 0, let whole = detector.match(atBeginningOf: bytes) { return [whole] }
            return found.count >= Self.most ? [] : detector.matches(in: bytes, beginningIn: done..<end)
        }
        for match in matches.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }).prefix(Self.most) { note(match) }
        // What stands before a match is its name: some bytes of it have to stay.
        let gone = max(0, end - SecretDetector.reach)
        let before = held[..<gone]
        lines += before.count { $0 == 0x0a }
        if let last = before.lastIndex(of: 0x0a) { columnBase = -(last + 1) }
        columnBase += gone
        dropped += gone
        held.removeFirst(gone)
        done = end - gone
    }

    private mutating func note(_ match: SecretMatch) {
        let before = held[..<match.range.lowerBound]
        let line = lines + before.count { $0 == 0x0a } + 1
        let column =
            before.lastIndex(of: 0x0a).map { match.range.lowerBound - $0 }
            ?? columnBase + match.range.lowerBound + 1
        let hasher = hashing.makeHasher()
        Array(match.kind.utf8 + [0]).withUnsafeBytes { hasher.update($0) }
        held.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[match.range])) }
        let finding = SecretFinding(
            kind: match.kind,
            line: line,
            column: column,
            fingerprint: hasher.finish().prefix(16)
        )
        let offset = dropped + match.range.lowerBound
        found.append((offset, match.rank, match.range.count, finding))
    }
}
