/// How often each term of one text came so far.
///
/// Terms are told apart by 64 bits of hash: of a hundred thousand terms two are taken for one in one text of billions,
/// and then one of them counts a little less.
struct TermCounts {
    /// Hashes, never 0 where there is one; a power of two of places.
    private var hashes = [UInt64](repeating: 0, count: 1024)
    private var counts = [Int32](repeating: 0, count: 1024)
    private var used = 0

    /// Counts the term; how often it came, this time included.
    mutating func add(_ term: UnsafeBufferPointer<UInt8>) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in term { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        hash |= 1
        if used * 2 >= hashes.count { grow() }
        let place = place(of: hash)
        if hashes[place] == 0 {
            hashes[place] = hash
            used += 1
        }
        counts[place] += 1
        return Int(counts[place])
    }

    private func place(of hash: UInt64) -> Int {
        let mask = hashes.count - 1
        var place = Int(truncatingIfNeeded: (hash ^ (hash >> 32)) >> 1) & mask
        while hashes[place] != 0, hashes[place] != hash { place = (place + 1) & mask }
        return place
    }

    private mutating func grow() {
        let old = (hashes, counts)
        hashes = [UInt64](repeating: 0, count: old.0.count * 2)
        counts = [Int32](repeating: 0, count: old.1.count * 2)
        for (hash, count) in zip(old.0, old.1) where hash != 0 {
            let place = place(of: hash)
            hashes[place] = hash
            counts[place] = count
        }
    }
}
