import SatchelCore
import SatchelKit

extension Sync {
    /// `--estimate`: says what a sync would take, for each account.
    func estimate(
        _ workspace: Workspace,
        _ scope: Scope,
        _ names: [String?],
        _ output: Output
    ) async throws -> ExitStatus {
        var documents: [JSONEstimates.Estimate] = []
        for name in names {
            let progress = ProgressLine(output)
            defer { progress.clear() }
            let connection = try await workspace.connect(to: name, notice: output.note)
            let estimate = try await workspace.estimate(scope, to: connection) { progress.note($0) }
            progress.clear()
            documents.append(JSONEstimates.Estimate(estimate))
            output.line(text(of: estimate))
        }
        output.document(JSONEstimates(estimates: documents))
        return .done
    }

    private func text(of estimate: SyncEstimate) -> String {
        var parts = ["\(estimate.uploads) to upload", "\(ByteCount(estimate.bytes))"]
        var tokens = "about \(estimate.tokens) tokens each time all of it is shown (bytes of text / 4)"
        if estimate.untold > 0 { tokens += ", not counting \(estimate.untold) that are no text" }
        parts.append(tokens)
        if estimate.seconds > 0 {
            parts.append("at least \(spelledDuration(estimate.seconds)) at the account's limits")
        }
        if let day = estimate.storagePerDay {
            let whole = estimate.storageInAll.map { ", \($0) until it expires" } ?? ""
            parts.append("storage \(day) a day\(whole)")
        } else {
            parts.append("storage: no price")
        }
        return "\(estimate.account): " + parts.joined(separator: "; ")
    }
}

/// The document of `sync --estimate`.
private struct JSONEstimates: Encodable {
    struct Estimate: Encodable {
        var account: String
        var uploads: Int
        var bytes: Int64
        var tokens: Int64
        var untold: Int
        var seconds: Int64
        var storagePerDay: String?
        var storageInAll: String?
    }

    var ok = true
    var estimates: [Estimate]
}

extension JSONEstimates.Estimate {
    fileprivate init(_ estimate: SyncEstimate) {
        self.init(
            account: estimate.account,
            uploads: estimate.uploads,
            bytes: estimate.bytes,
            tokens: estimate.tokens,
            untold: estimate.untold,
            seconds: estimate.seconds,
            storagePerDay: estimate.storagePerDay?.description,
            storageInAll: estimate.storageInAll?.description
        )
    }
}
