/// How much was used in the last minute, in slots of ten seconds.
///
/// Seven slots are looked at, the one that runs now among them, so that no sixty seconds have more than the limit,
/// wherever they begin.
package struct RateWindow: Hashable, Sendable {
    static let slotLength = 10.0
    static let slots = 7

    /// By slot, newest first.
    private(set) var counts: [Int64] = []
    /// The number of the newest slot since 1970.
    private(set) var newest: Int64 = 0

    package init() {}

    /// When `amount` more fits below `limit`; an instant that is over when it does now.
    ///
    /// More than the whole limit fits when nothing was used for a minute.
    func opens(for amount: Int64, below limit: Int64, at now: Double) -> Double {
        var left = sum(at: now)
        let room = max(limit - amount, 0)
        guard left > room else { return now }
        let current = Self.slot(of: now)
        for slot in (current - Int64(Self.slots) + 1)...current {
            left -= count(in: slot)
            if left <= room { return Double(slot + Int64(Self.slots)) * Self.slotLength }
        }
        return now
    }

    mutating func add(_ amount: Int64, at now: Double) { add(amount, in: max(Self.slot(of: now), newest)) }

    /// Adds what `own` has and `base` has not, each in its slot.
    mutating func take(_ own: RateWindow, since base: RateWindow) {
        for (index, count) in own.counts.enumerated() {
            let slot = own.newest - Int64(index)
            let more = count - base.count(in: slot)
            if more > 0 { add(more, in: slot) }
        }
    }

    /// Nothing is added where the slot is over.
    private mutating func add(_ amount: Int64, in slot: Int64) {
        let steps = slot - newest
        if steps > 0 {
            counts = Array((Array(repeating: 0, count: Int(min(steps, Int64(Self.slots)))) + counts).prefix(Self.slots))
            newest = slot
        }
        let index = newest - slot
        guard index < Self.slots else { return }
        counts += Array(repeating: 0, count: max(0, Int(index) + 1 - counts.count))
        counts[Int(index)] += amount
    }

    /// The clock was put back by so many seconds.
    mutating func shift(back seconds: Double) { newest -= Int64((seconds / Self.slotLength).rounded(.down)) }

    private func sum(at now: Double) -> Int64 {
        let oldest = Self.slot(of: now) - Int64(Self.slots) + 1
        return counts.indices.reduce(0) { newest - Int64($1) >= oldest ? $0 + counts[$1] : $0 }
    }

    private func count(in slot: Int64) -> Int64 {
        let index = newest - slot
        return counts.indices.contains(Int(index)) ? counts[Int(index)] : 0
    }

    private static func slot(of now: Double) -> Int64 { Int64((now / slotLength).rounded(.down)) }
}

extension RateWindow {
    /// `178812346:3 0 12`, for storage.
    package var text: String { "\(newest):" + counts.map { "\($0)" }.joined(separator: " ") }

    /// Reads ``text``; empty for anything else.
    package init(text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let newest = Int64(parts[0]) else { return }
        let counts = parts[1].split(separator: " ").compactMap { Int64($0) }
        guard counts.count <= Self.slots else { return }
        self.newest = newest
        self.counts = counts
    }
}
