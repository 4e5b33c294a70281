extension ByteCount {
    /// The exact number as configuration writes it: `10MB`, `64KiB`, `1500`; ``init(_:)`` reads it back.
    package var spelled: String {
        let units: [(Int64, String)] = [
            (1_000_000_000, "GB"), (1 << 30, "GiB"), (1_000_000, "MB"), (1 << 20, "MiB"), (1000, "kB"),
            (1 << 10, "KiB"),
        ]
        let exact = units.filter { bytes > 0 && bytes % $0.0 == 0 }
        guard let (factor, unit) = exact.max(by: { $0.0 < $1.0 }) else { return "\(bytes)" }
        return "\(bytes / factor)\(unit)"
    }
}
