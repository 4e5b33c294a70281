import FoundationEssentials
import Glibc
import SatchelCore
import SatchelKit

extension Output {
    /// Prints one line of `--events`; nothing without it.
    func event(_ line: @autoclosure () -> EventLine, account: String? = nil) {
        guard events else { return }
        var line = line()
        if line.time == nil { line.time = Date() }
        if line.account == nil { line.account = account }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        encoder.keyEncodingStrategy = .convertToSnakeCase
        guard let bytes = try? encoder.encode(line) else { return }
        write(String(decoding: bytes, as: UTF8.self) + "\n", to: STDOUT_FILENO)
    }

    /// The event of a sync.
    func event(_ event: SyncEvent, account: String) {
        guard events else { return }
        self.event(EventLine(event, at: Date()), account: account)
    }

    /// The last event of a sync: its sums.
    func event(_ report: SyncReport) {
        guard events else { return }
        for file in report.blocked {
            var line = EventLine("blocked")
            line.account = report.account
            line.path = file.path.description
            line.code = file.reason.code
            line.message = "\(file.reason)"
            event(line)
        }
        var line = EventLine("report")
        line.account = report.account
        line.dryRun = report.isDryRun
        line.summary = EventLine.Summary(report.summary)
        line.message = report.stopText
        line.code = report.accountError?.code
        event(line)
    }

    /// The event of a watch.
    func event(_ event: WatchProgress, account: String) {
        guard events else { return }
        switch event {
        case .sync(let event): self.event(event, account: account)
        // The report was told when that sync had settled.
        case .ready(let watches, let limit, _):
            var line = EventLine("ready")
            line.watches = watches
            line.limit = limit
            self.event(line, account: account)
        case .settled(let report): self.event(report)
        case .notice(let text):
            var line = EventLine("notice")
            line.message = text
            self.event(line, account: account)
        case .outage(let outage):
            var line = EventLine("outage")
            line.path = outage.path?.description
            line.files = outage.files
            line.code = outage.code
            line.message = outage.message
            line.until = Date().addingTimeInterval(outage.retriesIn)
            self.event(line, account: account)
        case .recovered(let seconds):
            var line = EventLine("recovered")
            line.seconds = seconds.rounded()
            self.event(line, account: account)
        case .paused(let since):
            var line = EventLine("paused")
            line.since = since
            self.event(line, account: account)
        case .resumed: self.event(EventLine("resumed"), account: account)
        case .cleaned(let report):
            var line = EventLine("cleanup")
            line.deleted = report.deleted.count
            line.bytes = report.deletedBytes
            line.objects = report.swept.count
            line.code = report.accountError?.code
            line.message = report.stopText
            self.event(line, account: account)
        }
    }
}
