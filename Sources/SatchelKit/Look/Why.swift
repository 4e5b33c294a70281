package import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

/// The reasons for one path.
package struct Why: Sendable {
    package var path: WorkspacePath
    /// `in_step`, `upload`, `rehydrate`, `link`, `forget`, `skip`, `trouble` or `missing`.
    package var decision: String
    /// For people, without full stop.
    package var reason: String
    package var rule: SelectionRule?
    package var digest: ContentDigest?
    /// How many files the answer is about, when the path is a folder.
    package var files: Int?
}

extension Workspace {
    /// What a sync to the account would do with the path, and why.
    package func why(_ path: WorkspacePath, account name: String? = nil) async throws -> Why {
        let account = try configuration.account(named: name)
        let (snapshot, plan) = try await makePlan(
            Scope([path]),
            account: try await rememberedAccount(account),
            traits: traits(of: account),
            policy: policy(for: account),
            remembersHashes: false,
            observe: { _ in }
        )
        if let skipped = plan.skipped.first(where: { path.isWithin($0.path) }) {
            return Why(path: path, decision: "skip", reason: "\(skipped.reason)", rule: skipped.reason.rule)
        }
        if let trouble = plan.troubles.first(where: { path.isWithin($0.path) }) {
            return Why(path: path, decision: "trouble", reason: trouble.message)
        }
        if let entry = plan.actions.map(SyncReport.Entry.init).first(where: { $0.path == path }) {
            return Why(path: path, decision: entry.kind.rawValue, reason: entry.because, digest: entry.digest)
        }
        if let file = snapshot.files.first(where: { $0.path == path }) {
            let reason = "in step with \(account.name): neither the file nor its copy needs anything"
            return Why(path: path, decision: "in_step", reason: reason, digest: file.digest)
        }
        guard snapshot.files.isEmpty, snapshot.skipped.isEmpty else {
            let reason = "a folder: \(snapshot.files.count) files selected, \(plan.skipped.count) skipped within it"
            return Why(path: path, decision: "folder", reason: reason, files: snapshot.files.count)
        }
        return Why(path: path, decision: "missing", reason: "there is no such file in the workspace")
    }
}

extension SkipReason {
    /// The line that decided, if one did.
    package var rule: SelectionRule? {
        switch self {
        case .ignored(let rule), .excluded(let rule): rule
        default: nil
        }
    }
}
