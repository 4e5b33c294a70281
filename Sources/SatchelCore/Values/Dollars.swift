/// An exact amount of US dollars.
///
/// Prices per token are far below a cent, and sums of them must add up, so it is counted in whole ticks and never in
/// floating point.
package struct Dollars: Hashable, Sendable {
    /// 10,000,000,000 to the dollar.
    package var ticks: Int64

    /// - Parameter ticks: 10,000,000,000 to the dollar, as xAI counts; nil for a negative number.
    package init?(ticks: Int64) {
        guard ticks >= 0 else { return nil }
        self.ticks = ticks
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
