internal import SatchelCore

extension Workspace {
    /// How long a command waits for the process that holds the workspace.
    private static var patience: Duration { .seconds(30) }

    /// Syncs the scope, or has the process that holds the workspace do so.
    ///
    /// - Throws: ``WorkspaceError`` when a mentioned file cannot be brought in step.
    func bringInStep(
        _ scope: Scope,
        _ connection: Connection,
        observe: @escaping @Sendable (ChatProgress) -> Void
    ) async throws {
        let report = try await syncOrAsk(scope, to: connection, command: "chat", patience: Self.patience) {
            observe(.sync($0))
        }
        if let error = report.accountError { throw error }
        for failure in report.failures {
            observe(.notice("\(failure.path.map { "\($0): " } ?? "")\(failure.message)"))
        }
        if scope != .everything, !report.failures.isEmpty, report.summary.found == report.summary.failed {
            throw WorkspaceError(.cannotStart, "nothing could be brought in step; see above")
        }
    }
}
