package import FoundationEssentials
internal import SatchelCore
internal import SatchelWorkspace

/// What one process asks of the watch that holds the workspace: one JSON object on one line, with one of these keys.
struct ControlRequest: Codable, Sendable {
    struct Sync: Codable, Sendable {
        /// In the escaped form; absent for everything.
        var paths: [String]?
        var account: String
        /// The manifest's number of the account: the name alone does not tell which key is meant.
        var accountId: Int64
        var confirmed = false
        var maxDeletes: Int?
    }

    struct Cleanup: Codable, Sendable {
        var account: String
        var accountId: Int64
        var expired: Bool
        var orphans: Bool
        var olderThan: Double?
        var all: Bool
        var force: Bool
        var limit: Int?
        var confirmed: Bool
    }

    struct Status: Codable, Sendable {}

    struct Pause: Codable, Sendable {
        /// False to go on.
        var paused: Bool
    }

    /// Jobs were put down.
    struct Jobs: Codable, Sendable {}

    var sync: Sync?
    var cleanup: Cleanup?
    var rehydrate: Rehydrate?
    var reconcile: Reconcile?
    var verify: Verify?
    var revoke: Revoke?
    var status: Status?
    var pause: Pause?
    var jobs: Jobs?
}

/// What a watch answers, one JSON object a line: events while it works, and one of the other keys at the end.
struct ControlAnswer: Codable, Sendable {
    struct Sync: Codable, Sendable {
        var account: String
        var provider: String
        var summary: EventLine.Summary
        var skipped: [String: Int]
        var done: [EventLine]
        var failed: [EventLine]
        var accountError: Failure?
        /// Why deletes were left undone, in words.
        var stopped: String?
        /// Files that the gate kept back or told of.
        var secrets: [Secret]

        struct Secret: Codable, Sendable {
            /// In the escaped form.
            var path: String
            var findings: [SecretFinding]
            var sent: Bool
        }
    }

    struct Cleanup: Codable, Sendable {
        struct Copy: Codable, Sendable {
            var remoteId: String?
            var name: String
            var bytes: Int64
            var reason: String
        }

        var account: String
        var deleted, kept, failed: [Copy]
        var accountError: Failure?
        /// Objects of the local store that were removed.
        var objects: Int
        var objectBytes: Int64
        /// Set when it would delete so many of so many copies and needs a yes.
        var tooMany: [Int]?
    }

    struct Failure: Codable, Sendable {
        var code: String
        var message: String
    }

    struct Pause: Codable, Sendable {
        /// Absent when it is not paused now.
        var since: Date?
        var changed: Bool
    }

    var event: EventLine?
    var sync: Sync?
    var cleanup: Cleanup?
    var reconcile: Reconcile?
    var verify: Verify?
    var revoke: Revoke?
    var status: WatchFigures?
    var pause: Pause?
    var error: Failure?
}

/// How a running watch is doing.
package struct WatchFigures: Codable, Hashable, Sendable {
    package var account = ""
    /// Folders watched, and how many the system allows.
    package var watches = 0
    package var limit: Int?
    /// Events that the kernel reported, and how often it had to drop some; everything was looked at then.
    package var events: Int?
    package var overflows: Int?
    /// Nothing is left to do.
    package var settled = false
    /// What it waits for, and until when.
    package var waitingFor: String?
    package var waitingUntil: Date?
    /// Files that wait to be sent, and changes that a pause gathers; nil when it gathers everything.
    package var queue: Int?
    /// The last thing that went wrong, and when; it may be over.
    package var lastError: String?
    package var lastErrorAt: Date?
    /// The account takes no files since then.
    package var outageSince: Date?
    package var pausedSince: Date?
    /// When everything is looked at next, events or not.
    package var nextRescan: Date?
    /// When what failed is tried again; nil while nothing waits for that.
    package var nextRetry: Date?
}

/// Both ends write and read alike.
enum ControlCoding {
    static func line(_ value: some Encodable) -> [UInt8]? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .secondsSince1970
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return (try? encoder.encode(value)).map { Array($0) }
    }

    static func value<T: Decodable>(_ type: T.Type, from line: [UInt8]) -> T? {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try? decoder.decode(type, from: Data(line))
    }
}

extension ControlServer.Request {
    /// Sends the last line.
    func end(with answer: ControlAnswer) {
        if let line = ControlCoding.line(answer) { reply(line) }
        end()
    }
}

extension ControlAnswer.Failure {
    init(_ error: any Error) {
        switch error {
        case let error as ProviderError: self.init(code: error.code, message: error.message)
        case let error as WorkspaceError:
            self.init(
                code: error.kind == .stoppedForSafety ? "stopped_for_safety" : "cannot_start",
                message: error.description
            )
        case is CancellationError, is SyncHeld: self.init(code: "cancelled", message: "the watch was stopped")
        default: self.init(code: "cannot_start", message: "\(error)")
        }
    }

    var error: any Error {
        if let error = providerError { return error }
        return WorkspaceError(code == "stopped_for_safety" ? .stoppedForSafety : .cannotStart, message)
    }

    var providerError: ProviderError? {
        let kind: ProviderError.Kind? =
            switch code {
            case "rate_limited": .rateLimited(retryAfter: nil)
            case "temporary": .temporary(retryAfter: nil)
            case "unreachable": .unreachable
            case "answer_lost": .answerLost
            case "gone": .gone
            case "quota": .quota
            case "budget": .budget
            case "unauthorised": .unauthorised
            case "forbidden": .forbidden
            case "unsupported": .unsupported
            case "too_large": .tooLarge
            case "bad_reply": .badReply
            case "rejected": .rejected
            default: nil
            }
        return kind.map { ProviderError($0, message) }
    }
}

extension ControlAnswer.Sync {
    init(_ report: SyncReport) {
        account = report.account
        provider = report.provider.rawValue
        summary = EventLine.Summary(report.summary)
        skipped = report.skippedByReason
        done = report.entries.map { EventLine($0) }
        failed = report.failures.map { EventLine($0) }
        accountError = report.accountError.map { ControlAnswer.Failure($0) }
        stopped = report.stop?.description
        func secrets(_ files: [Snapshot.Skipped], sent: Bool) -> [Secret] {
            files.map { Secret(path: $0.path.description, findings: $0.reason.secrets, sent: sent) }
        }
        self.secrets = secrets(report.blocked, sent: false) + secrets(report.warned, sent: true)
    }

    var report: SyncReport {
        var report = SyncReport(account: account, provider: ProviderID(rawValue: provider) ?? .local, isDryRun: false)
        report.summary = summary.summary
        report.skippedElsewhere = skipped
        report.entries = done.compactMap(\.entry)
        report.failures = failed.map(\.failure)
        report.accountError = accountError?.providerError
        report.stopElsewhere = stopped
        for secret in secrets {
            guard let path = WorkspacePath(escaped: secret.path) else { continue }
            let file = Snapshot.Skipped(path: path, isFolder: false, reason: .secret(secret.findings))
            if secret.sent { report.warned.append(file) } else { report.skipped.append(file) }
        }
        return report
    }
}

extension ControlAnswer.Cleanup {
    init(_ report: CleanupReport) {
        func copies(_ copies: [CleanupReport.Copy]) -> [Copy] {
            copies.map { Copy(remoteId: $0.remoteID, name: $0.name, bytes: $0.size, reason: $0.reason) }
        }
        account = report.account
        deleted = copies(report.deleted)
        kept = copies(report.kept)
        failed = copies(report.failed)
        accountError = report.accountError.map { ControlAnswer.Failure($0) }
        (objects, objectBytes) = (report.swept.count, report.swept.bytes)
        if case .tooManyDeletes(let count, let total)? = report.stop { tooMany = [count, total] }
    }

    var report: CleanupReport {
        func list(_ copies: [Copy]) -> [CleanupReport.Copy] {
            copies.map { CleanupReport.Copy(remoteID: $0.remoteId, name: $0.name, size: $0.bytes, reason: $0.reason) }
        }
        var report = CleanupReport(account: account, isDryRun: false)
        report.deleted = list(deleted)
        report.kept = list(kept)
        report.failed = list(failed)
        report.accountError = accountError?.providerError
        (report.swept.count, report.swept.bytes) = (objects, objectBytes)
        if let tooMany, tooMany.count == 2 { report.stop = .tooManyDeletes(count: tooMany[0], of: tooMany[1]) }
        return report
    }
}
