import SatchelCore
import SatchelKit

/// What failed in a sync, as lines for people: one for each file with trouble of its own, and one for a cause that lies
/// with the account, however many files wait for it.
struct FailureText {
    private(set) var lines: [String] = []

    /// With `verbose` a line for each file, whatever the cause.
    init(_ report: SyncReport, verbose: Bool) {
        var waiting: [String: [SyncReport.Failure]] = [:]
        var codes: [String] = []
        for failure in report.failures {
            let isShared = failure.isOfAccount || failure.isGivenUp || failure.code == report.accountError?.code
            guard isShared, failure.path != nil, !verbose else {
                lines.append(line(of: failure))
                continue
            }
            if waiting[failure.code] == nil { codes.append(failure.code) }
            waiting[failure.code, default: []].append(failure)
        }
        for code in codes {
            let failures = waiting[code, default: []]
            if failures.count == 1 {
                lines += failures.map(line)
            } else if let first = failures.first {
                let isWhole = report.accountError?.code == code
                let message = isWhole ? report.accountError?.description ?? first.message : first.message
                lines.append("\(report.account): \(message)")
                lines.append(names(of: failures))
            }
        }
    }

    private func line(of failure: SyncReport.Failure) -> String {
        "\(failure.subject)\(failure.message)"
    }

    /// `a.txt, b.txt and 104 more files wait for it; the next sync sends them`.
    private func names(of failures: [SyncReport.Failure]) -> String {
        let paths = failures.compactMap(\.path)
        let named = paths.prefix(2).map(\.description).joined(separator: paths.count == 2 ? " and " : ", ")
        let others = paths.count - 2
        guard others > 0 else { return "\(named) wait for it; the next sync sends them" }
        return "\(named) and \(others) more \(others == 1 ? "file waits" : "files wait") for it; "
            + "the next sync sends them"
    }
}
