/// An exact amount of US dollars.
///
/// Prices per token are far below a cent, and sums of them must add up, so it is counted in whole ticks and never in
/// floating point.
package struct Dollars: Hashable, Sendable {
    /// 10,000,000,000 to the dollar.
    package var ticks: Int64

    /// - Parameter ticks: 10,000,000,000 to the dollar, as xAI counts; nil for a negative number, and for more than
    ///   ``most``: nobody means that.
    package init?(ticks: Int64) {
        guard (0...Self.most.ticks).contains(ticks) else { return nil }
        self.ticks = ticks
    }

    /// The amount that is nearest to so many ticks: none, or ``most``, where it is none of an amount.
    package init(clamping ticks: some BinaryInteger) {
        self.ticks = min(max(Int64(clamping: ticks), 0), Self.most.ticks)
    }

    /// The nearest amount to what a server gives as a JSON number; nil for a negative one, or none.
    package init?(nearest number: Double) {
        guard number.isFinite, number >= 0, number < 1e8 else { return nil }
        self.init(unchecked: Int64((number * 1e10).rounded()))
    }

    package static let zero = Dollars(unchecked: 0)
    /// A hundred million dollars; sums end there, and more is read from nowhere.
    package static let most = Dollars(unchecked: 1_000_000_000_000_000_000)

    private init(unchecked ticks: Int64) { self.ticks = ticks }

    /// Reads `1`, `0.50` and `2.5 USD`; nil for anything else, other currencies and more than ten digits behind the
    /// point.
    package init?(_ text: some StringProtocol) {
        var words = String(text).split(separator: " ").map(String.init)
        if words.count == 2, words[1].uppercased() == "USD" { words.removeLast() }
        guard words.count == 1 else { return nil }
        let parts = words[0].split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count),
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let whole = Int64(parts[0]), whole < 100_000_000
        else { return nil }
        let digits = parts.count == 2 ? String(parts[1]) : ""
        guard digits.count <= 10,
            let fraction = Int64(digits + String(repeating: "0", count: 10 - digits.count))
        else { return nil }
        self.init(unchecked: whole * 10_000_000_000 + fraction)
    }
}

extension Dollars {
    /// So much money for so many bytes and seconds at a price for a GiB and a day, rounded up; never an overflow.
    package func charged(bytes: Int64, seconds: Int64) -> Dollars {
        let exact = Double(ticks) * (Double(bytes) / 1_073_741_824) * (Double(seconds) / 86400)
        return Dollars(unchecked: Int64(min(max(exact, 0), 1e18).rounded(.up)))
    }
}

extension Dollars: CustomStringConvertible {
    /// `0.0051234 USD`: every digit that counts, at least two behind the point.
    package var description: String {
        let perDollar: Int64 = 10_000_000_000
        var fraction = String(ticks % perDollar)
        fraction = String(repeating: "0", count: 10 - fraction.count) + fraction
        while fraction.hasSuffix("0"), fraction.count > 2 { fraction.removeLast() }
        return "\(ticks / perDollar).\(fraction) USD"
    }
}
