import Glibc

/// Names and the last rule that means each of them, asked by raw bytes without an allocation.
///
/// Open addressing over flat arrays: a dictionary of byte arrays would need an array per question.
struct NameTable: Sendable {
    private struct Entry: Sendable {
        var hash: UInt32
        var start: Int32
        var count: Int32
        /// The last rule that means files and folders, and the last that means folders only; -1 for none.
        var any: Int32
        var folderOnly: Int32
    }

    private var entries: [Entry] = []
    private var bytes: [UInt8] = []
    /// Indices into ``entries``, -1 where free; the count is a power of two, at most half of it taken.
    private var slots: [Int32] = []

    var isEmpty: Bool { entries.isEmpty }

    /// FNV-1a, 32 bits: names are short, and they are not from an attacker who gains anything by collisions.
    static func hash(_ name: UnsafeRawBufferPointer) -> UInt32 {
        var hash: UInt32 = 0x811c_9dc5
        for byte in name { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return hash
    }

    /// Notes that `rule` means `name`; later rules must be noted later.
    mutating func insert(_ name: [UInt8], rule: Int, folderOnly: Bool) {
        let hash = name.withUnsafeBytes(Self.hash)
        if entries.count * 2 >= slots.count { grow() }
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if entries[index].hash == hash, bytes[range(of: entries[index])].elementsEqual(name) {
                if folderOnly {
                    entries[index].folderOnly = Int32(rule)
                } else {
                    entries[index].any = Int32(rule)
                }
                return
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Int32(entries.count)
        entries.append(
            Entry(
                hash: hash,
                start: Int32(bytes.count),
                count: Int32(name.count),
                any: folderOnly ? -1 : Int32(rule),
                folderOnly: folderOnly ? Int32(rule) : -1
            )
        )
        bytes.append(contentsOf: name)
    }

    /// The last rule that means `name`, -1 for none.
    func lastRule(for name: UnsafeRawBufferPointer, hash: UInt32, isFolder: Bool) -> Int {
        guard !slots.isEmpty else { return -1 }
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] >= 0 {
            let entry = entries[Int(slots[slot])]
            if entry.hash == hash, Int(entry.count) == name.count, holds(name, at: Int(entry.start)) {
                return Int(isFolder ? max(entry.any, entry.folderOnly) : entry.any)
            }
            slot = (slot + 1) & mask
        }
        return -1
    }

    private func holds(_ name: UnsafeRawBufferPointer, at start: Int) -> Bool {
        guard let wanted = name.baseAddress else { return true }
        return bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress else { return false }
            return memcmp(base + start, wanted, name.count) == 0
        }
    }

    private func range(of entry: Entry) -> Range<Int> { Int(entry.start)..<Int(entry.start + entry.count) }

    private mutating func grow() {
        slots = Array(repeating: -1, count: max(8, slots.count * 2))
        for (index, entry) in entries.enumerated() {
            var slot = Int(entry.hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(index)
        }
    }
}
