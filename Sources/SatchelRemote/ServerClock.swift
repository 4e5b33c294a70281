import FoundationEssentials
import Synchronization

/// The clock of a server, set by the `Date` header of each answer (RFC 9110, 6.6.1) and running on by itself.
///
/// It runs on the machine's uptime, so that nothing that happens to our own time of day moves it.
final class ServerClock: Sendable {
    private struct Reading {
        var header: String
        var date: Date
        var at: ContinuousClock.Instant
    }

    private let latest = Mutex<Reading?>(nil)

    /// The server's time; nil before its first answer with a date.
    var now: Date? {
        latest.withLock { reading in
            guard let reading else { return nil }
            let elapsed = ContinuousClock.now - reading.at
            return reading.date.addingTimeInterval(TimeInterval(elapsed.components.seconds))
        }
    }

    func read(_ head: HTTPHead) {
        // Many answers a second say the same.
        guard let header = head["date"], latest.withLock({ $0?.header }) != header,
            let seconds = secondsSince1970(httpDate: header)
        else { return }
        let reading = Reading(header: header, date: Date(timeIntervalSince1970: seconds), at: .now)
        latest.withLock { $0 = reading }
    }
}
