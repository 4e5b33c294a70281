public import FoundationEssentials
internal import SatchelCore

/// A workspace for other programs: bring it in step, and learn the ids of its files.
///
/// What `satchel` does on the command line, without its words. The folder must have been made a workspace with
/// `satchel init`; configuration and keys are found as the command finds them.
public struct Satchel: Sendable {
    private let workspace: Workspace

    /// Opens the workspace at or above `folder`.
    ///
    /// `environment` is where keys and `SATCHEL_…` variables are looked up.
    public init(
        at folder: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        workspace = try Workspace(Context(environment: environment, directory: folder))
    }

    /// Makes the account hold what the folder shows; without a name, the default account.
    ///
    /// A running watch is asked to do it; another satchel on the same workspace is waited for up to half a minute.
    @discardableResult
    public func sync(account name: String? = nil) async throws -> SyncedSummary {
        let connection = try await workspace.connect(to: name, notice: { _ in })
        let report = try await workspace.syncOrAsk(.everything, to: connection, patience: .seconds(30))
        if let error = report.accountError { throw error }
        return SyncedSummary(
            uploaded: report.summary.uploaded + report.summary.rehydrated,
            unchanged: report.summary.unchanged,
            failed: report.failures.map { "\($0.path.map { "\($0): " } ?? "")\($0.message)" },
            keptBack: report.blocked.flatMap { file in
                secretPlaces(in: file.reason.secrets, of: "\(file.path)").map { "\($0): \(SkipReason.secretRemedy)" }
            },
            needsConfirmation: report.stopText
        )
    }

    /// The synced files with their ids in the account; without a name, in the default account.
    public func files(account name: String? = nil) async throws -> [SyncedFile] {
        let account = try workspace.configuration.account(named: name).name
        return try await workspace.list().compactMap { file in
            guard let copy = file.remotes.first(where: { $0.account == account && $0.state == "ready" }),
                let id = copy.remoteID
            else { return nil }
            return SyncedFile(
                path: file.path.description,
                sha256: file.digest.hex,
                remoteID: id,
                expiresAt: copy.expiresAt
            )
        }
    }
}

/// What a sync did.
public struct SyncedSummary: Hashable, Sendable {
    public var uploaded: Int
    public var unchanged: Int
    /// One sentence for each file or copy that failed; the others are in step.
    public var failed: [String]
    /// One sentence for each secret that was found: the file that holds it has not left this machine.
    public var keptBack: [String]
    /// Why nothing was deleted, when that needs a person's yes.
    public var needsConfirmation: String?
}

/// A file that can be referred to by id.
public struct SyncedFile: Hashable, Sendable {
    /// Relative to the workspace; bytes that are not text are escaped.
    public var path: String
    /// Of the content that the id stands for.
    public var sha256: String
    public var remoteID: String
    /// Nil when it stays until it is deleted.
    public var expiresAt: Date?
}
