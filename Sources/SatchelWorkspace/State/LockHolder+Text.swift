import FoundationEssentials
import Glibc
import SatchelCore

extension LockHolder {
    /// One line each: `pid 4711`, `since 2026-01-31T12:00:00Z`, `command satchel watch`.
    var text: String {
        """
        pid \(pid)
        since \(universalTime(since))
        command \(printable(command))

        """
    }

    /// Reads ``text``; nil for anything else, such as a lock that is just being written.
    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: " ", maxSplits: 1).map(String.init)
        }
        guard lines.count == 4, lines.prefix(3).allSatisfy({ $0.count == 2 }),
            lines[0][0] == "pid", let pid = Int32(lines[0][1]),
            lines[1][0] == "since", let since = try? Date(lines[1][1], strategy: .iso8601),
            lines[2][0] == "command"
        else { return nil }
        self.init(pid: pid, since: since, command: lines[2][1])
    }
}

/// As `2026-01-31T12:00:00Z`.
///
/// Every command that writes takes the lock, and Foundation's format would have each load the data of all time zones.
private func universalTime(_ date: Date) -> String {
    var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
    var parts = tm()
    gmtime_r(&seconds, &parts)
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
        let count = strftime(buffer.baseAddress, buffer.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
