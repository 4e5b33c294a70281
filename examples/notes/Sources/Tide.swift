import Foundation

/// One wave of the tide at one harbour.
struct Constituent {
    /// Degrees per hour; the same everywhere.
    var speed: Double
    /// Metres; measured at the harbour.
    var amplitude: Double
    /// Degrees by which the wave comes later than its cause; measured at the harbour.
    var phase: Double

    func height(atHour hour: Double) -> Double {
        amplitude * cos((speed * hour - phase) * .pi / 180)
    }
}

/// Metres above mean sea level, `hour` hours after the moment the phases are counted from.
func height(of constituents: [Constituent], atHour hour: Double) -> Double {
    constituents.reduce(0) { sum, wave in sum + wave.height(atHour: hour) }
}

/// The hours of high water within a day: where the height stops rising.
func highWaters(of constituents: [Constituent], step: Double = 0.1) -> [Double] {
    stride(from: step, to: 24, by: step).filter { hour in
        let before = height(of: constituents, atHour: hour - step)
        let now = height(of: constituents, atHour: hour)
        let after = height(of: constituents, atHour: hour + step)
        return before < now && now >= after
    }
}
