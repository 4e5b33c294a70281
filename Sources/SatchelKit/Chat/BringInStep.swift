internal import SatchelCore

extension Workspace {
    /// How long a command waits for the process that holds the workspace.
    private static var patience: Duration { .seconds(30) }

    /// Syncs the scope, or has the process that holds the workspace do so.
    ///
    /// - Parameters:
    ///   - scope: what the question may show.
    ///   - named: what the question is about: a secret in one of these stops it.
    ///   - isRequired: whether it is no use to go on with nothing of it.
    ///   - connection: the account.
    ///   - observe: told what happens.
    /// - Throws: ``WorkspaceError`` when a mentioned file cannot be brought in step.
    func bringInStep(
        _ scope: Scope,
        named: [WorkspacePath],
        isRequired: Bool,
        _ connection: Connection,
        observe: @escaping @Sendable (ChatProgress) -> Void
    ) async throws {
        let report = try await syncOrAsk(scope, to: connection, command: "chat", patience: Self.patience) {
            observe(.sync($0))
        }
        if let error = report.accountError { throw error }
        for failure in report.failures {
            observe(.notice("\(failure.subject)\(failure.message)"))
        }
        try tellSecrets(of: report, named: named, observe: observe)
        if isRequired, scope != .everything, !report.failures.isEmpty, report.summary.found == report.summary.failed {
            throw WorkspaceError(.cannotStart, "nothing could be brought in step; see above")
        }
    }

    /// Says which files stay behind because of a secret in them.
    ///
    /// - Throws: ``WorkspaceError`` when one of them is named.
    func tellSecrets(
        of report: SyncReport,
        named: [WorkspacePath],
        observe: (ChatProgress) -> Void
    ) throws {
        for skipped in report.blocked {
            let places = secretPlaces(in: skipped.reason.secrets, of: "\(skipped.path)").joined(separator: ", ")
            // A file that was named is what the question is about; of a folder, the rest can be shown.
            if named.contains(skipped.path) {
                throw WorkspaceError(
                    .stoppedForSafety,
                    "\(places): a secret would be sent; \(SkipReason.secretRemedy)"
                )
            }
            observe(.notice("\(places): not shown: \(SkipReason.secretRemedy)"))
        }
        for skipped in report.warned {
            let places = secretPlaces(in: skipped.reason.secrets, of: "\(skipped.path)").joined(separator: ", ")
            observe(.notice("\(places): sent all the same, because gate.mode is warn"))
        }
    }
}
