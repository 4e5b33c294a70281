/// A number of bytes, as limits and sizes are written in configuration and shown to people.
package struct ByteCount: Hashable, Comparable, Sendable {
    package var bytes: Int64

    package init(_ bytes: Int64) { self.bytes = bytes }

    /// So many times 1,048,576 bytes.
    package static func mebibytes(_ count: Int64) -> ByteCount { ByteCount(count << 20) }

    /// Reads `512`, `64KiB`, `10 MB`, `1.5G`; nil for anything else, negative numbers and overflow.
    ///
    /// `k`, `m`, `g` and the `iB` forms are powers of 1024; `kB`, `MB`, `GB` of 1000.
    package init?(_ text: some StringProtocol) {
        let trimmed = text.lowercased().filter { $0 != " " && $0 != "_" }
        let digits = trimmed.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(String(digits)), number >= 0 else { return nil }
        let factor: Double
        switch trimmed.dropFirst(digits.count) {
        case "", "b": factor = 1
        case "k", "kib": factor = 1024
        case "m", "mib": factor = 1_048_576
        case "g", "gib": factor = 1_073_741_824
        case "kb": factor = 1000
        case "mb": factor = 1_000_000
        case "gb": factor = 1_000_000_000
        default: return nil
        }
        guard number * factor < 9e18 else { return nil }
        bytes = Int64(number * factor)
    }

    package static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }

    package static func + (left: Self, right: Self) -> ByteCount { ByteCount(left.bytes + right.bytes) }
}

extension ByteCount: CustomStringConvertible {
    /// `0 B`, `4.1 KB`, `10 MB`: powers of 1000, at most one decimal.
    package var description: String {
        guard bytes >= 1000 else { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = 0
        let units = ["B", "KB", "MB", "GB", "TB", "PB"]
        while value >= 999.5, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        let tenths = Int((value * 10).rounded())
        if value < 10, tenths % 10 != 0 { return "\(tenths / 10).\(tenths % 10) \(units[unit])" }
        return "\(Int(value.rounded())) \(units[unit])"
    }
}
