package import FoundationEssentials

/// What the manifest remembers of one remote copy: as much as decisions need.
package struct KnownCopy: Hashable, Sendable {
    /// The manifest's row.
    package var row: Int64
    package var digest: ContentDigest
    package var state: CopyState
    package var createdAt: Date { Self.date(created) }
    /// Nil when it stays until it is deleted.
    package var expiresAt: Date? { expires == 0 ? nil : Self.date(expires) }
    /// When a path last began or ceased to stand for this content.
    package var touchedAt: Date { Self.date(touched) }

    /// Whole seconds since 1970, rounded down: a hundred thousand copies are in memory at once, and an expiry that is
    /// believed a fraction of a second early does no harm.
    private var created: UInt32
    /// 0 for never.
    private var expires: UInt32
    private var touched: UInt32

    package init(
        row: Int64,
        digest: ContentDigest,
        state: CopyState,
        createdAt: Date,
        expiresAt: Date?,
        touchedAt: Date
    ) {
        self.row = row
        self.digest = digest
        self.state = state
        created = Self.seconds(createdAt)
        expires = expiresAt.map { max(1, Self.seconds($0)) } ?? 0
        touched = Self.seconds(touchedAt)
    }

    /// The same copy with another end.
    package func ending(at end: Date?) -> KnownCopy {
        KnownCopy(
            row: row,
            digest: digest,
            state: state,
            createdAt: createdAt,
            expiresAt: end,
            touchedAt: touchedAt
        )
    }

    private static func date(_ seconds: UInt32) -> Date { Date(timeIntervalSince1970: TimeInterval(seconds)) }

    private static func seconds(_ date: Date) -> UInt32 {
        UInt32(min(max(date.timeIntervalSince1970, 0), TimeInterval(UInt32.max)))
    }

    /// How fresh the copy is at `now`.
    ///
    /// The margin keeps an id from ending between the check and its use; it is at most a quarter of the copy's life, so
    /// that copies of a minute are not forever stale. `within` is what somebody asked for, and has no such bound.
    package func freshness(at now: Date, margin: TimeInterval, within: TimeInterval = 0) -> Freshness {
        guard let expiresAt else { return .fresh }
        if expiresAt <= now { return .expired(at: expiresAt) }
        let life = expiresAt.timeIntervalSince(createdAt)
        return expiresAt.timeIntervalSince(now) <= max(min(margin, life / 4), within)
            ? .expiring(at: expiresAt) : .fresh
    }

    /// How near its end a copy is.
    package enum Freshness: Hashable, Sendable {
        case fresh
        case expiring(at: Date)
        case expired(at: Date)
    }
}

/// The living copies of one account, looked up by digest.
///
/// A sorted array with interpolation search: digests are spread evenly, so a look-up takes about three steps, and a
/// hundred thousand copies cost no more memory than themselves.
package struct CopyIndex: Sendable {
    /// In the order of their digests, each digest once.
    package let copies: [KnownCopy]

    /// - Parameter sorted: in the order of their digests, each digest once.
    package init(sorted: [KnownCopy]) { copies = sorted }

    package subscript(digest: ContentDigest) -> KnownCopy? {
        position(of: digest).map { copies[$0] }
    }

    /// The index into ``copies``; nil when the content has no copy.
    package func position(of digest: ContentDigest) -> Int? {
        var low = 0
        var high = copies.count - 1
        while low <= high {
            let first = copies[low].digest.leadingWord
            let last = copies[high].digest.leadingWord
            guard digest.leadingWord >= first, digest.leadingWord <= last else { return nil }
            let share = last == first ? 0.5 : Double(digest.leadingWord - first) / Double(last - first)
            let middle = min(max(low + Int(share * Double(high - low)), low), high)
            let candidate = copies[middle].digest
            if candidate == digest { return middle }
            if candidate < digest { low = middle + 1 } else { high = middle - 1 }
        }
        return nil
    }
}
