import FoundationEssentials
import SatchelCore
import SatchelKit

/// What a running watch tells, as lines for people: one for each change, and one for whatever else happens.
struct WatchText: Sendable {
    let output: Output
    let progress: ProgressLine
    let account: String
    /// False for a watch that ends once all is done.
    let isPatient: Bool
    let now: @Sendable () -> Date

    func tell(_ event: WatchProgress) {
        switch event {
        case .sync(.done(let entry)):
            progress.clear()
            output.info(output.text(of: entry, account: account, now: now()))
            progress.note(.done(entry))
        // The event of that change is on its way already, or the outage is told once for all files.
        case .sync(.failed(let failure))
        where !output.verbose && (failure.isOvertaken || failure.isOfOutage(forPatient: isPatient)):
            break
        case .sync(.failed(let failure)):
            progress.clear()
            output.error("\(failure.subject)\(failure.message)")
        case .sync(let event): progress.note(event)
        default:
            progress.clear()
            tellRare(event)
        }
    }

    private func tellRare(_ event: WatchProgress) {
        switch event {
        case .ready(let watches, _, let report):
            if let report { output.info(output.text(of: report)) }
            output.info("watching \(watches) \(watches == 1 ? "folder" : "folders") for \(account); Ctrl-C stops")
        case .settled(let report):
            for failure in report.failures where failure.isRetryable && output.verbose {
                output.note("\(failure.subject)will be tried again")
            }
        case .notice(let text): output.note(text)
        case .outage(let outage): output.error(text(of: outage))
        case .recovered(let seconds):
            output.note("\(account) takes files again, after \(roughly(seconds))")
        case .paused(let since):
            output.info("paused since \(since.formatted(.iso8601)); changes are gathered until satchel resume")
        case .resumed: output.info("going on")
        case .cleaned(let report): tell(report)
        case .sync: break
        }
    }

    /// `tea.txt and 11 more: cannot reach api.openai.com; tried again in 5s`.
    private func text(of outage: AccountOutage) -> String {
        let others = outage.files > 1 ? " and \(outage.files - 1) more" : ""
        let which = outage.path.map { "\($0)\(others): " } ?? "\(account): "
        return "\(which)\(outage.message); tried again in \(roughly(outage.retriesIn))"
    }

    private func tell(_ report: CleanupReport) {
        if let error = report.accountError { output.error("cleanup: \(error)") }
        if let stop = report.stopText { output.note("cleanup: \(stop)") }
        guard report.deleted.count + report.swept.count > 0 || output.verbose else { return }
        var parts = ["\(report.deleted.count) copies deleted (\(ByteCount(report.deletedBytes)))"]
        if report.swept.count > 0 {
            parts.append("\(report.swept.count) objects removed here (\(ByteCount(report.swept.bytes)))")
        }
        output.info("cleanup: \(parts.joined(separator: ", "))")
    }
}

/// A length of time for people, to two figures or so: `8s`, `3m`, `5h`, `4d`.
func roughly(_ seconds: Double) -> String {
    let whole = Int64(max(seconds, 0).rounded())
    if whole < 120 { return "\(whole)s" }
    if whole < 7200 { return "\((whole + 30) / 60)m" }
    if whole < 172_800 { return "\((whole + 1800) / 3600)h" }
    return "\((whole + 43200) / 86400)d"
}
