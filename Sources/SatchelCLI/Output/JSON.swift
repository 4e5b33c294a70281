import FoundationEssentials
import Glibc
import SatchelCore
import SatchelKit

extension Output {
    /// Prints a result as the one JSON document of `--json`.
    func document(_ value: some Encodable) {
        guard json, let text = try? encode(value) else { return }
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// Says why the command failed, in the form that was asked for.
    func fail(_ failure: CommandFailure) {
        if json, failure.code != CommandFailure.outputCode {
            let error = JSONFailure.Body(
                code: failure.code,
                message: failure.message,
                hint: failure.hint,
                retryable: failure.isRetryable
            )
            document(JSONFailure(error: error))
        } else if events {
            var line = EventLine("error")
            line.code = failure.code
            line.message = failure.message
            line.retryable = failure.isRetryable
            event(line)
            error(failure.message)
        } else {
            error(failure.message)
        }
    }

    private func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

struct JSONFailure: Encodable {
    struct Body: Encodable {
        var code: String
        var message: String
        var hint: String?
        var retryable: Bool
    }

    var ok = false
    var error: Body
}

/// Tokens, in every document that has some.
struct JSONUsage: Encodable {
    var input, cached, cacheWrite, output, reasoning, toolCalls: Int

    init(_ usage: ChatUsage) {
        (input, cached, cacheWrite) = (usage.input, usage.cached, usage.cacheWrite)
        toolCalls = usage.toolCalls
        (output, reasoning) = (usage.output, usage.reasoning)
    }
}

/// The document of `sync`.
struct JSONSync: Encodable {
    struct Action: Encodable {
        var action: String
        var path: String?
        var sha256: String?
        var reason: String
        var remoteId: String?
        var bytes: Int64?
    }

    struct Failure: Encodable {
        var path: String?
        var code: String
        var message: String
        var retryable: Bool
    }

    struct Secret: Encodable {
        var path: String
        var line, column: Int
        var kind, fingerprint: String
        var sent: Bool
    }

    var ok: Bool
    var account: String
    var dryRun: Bool
    var summary: EventLine.Summary
    var skippedByReason: [String: Int]
    var actions: [Action]
    var failures: [Failure]
    var secrets: [Secret]?
    var stopped: String?

    /// With `verbose` all actions, not only those of a dry run.
    init(_ report: SyncReport, verbose: Bool) {
        ok =
            report.failures.isEmpty && report.stopText == nil && report.accountError == nil && report.blocked.isEmpty
        account = report.account
        dryRun = report.isDryRun
        summary = EventLine.Summary(report.summary)
        skippedByReason = report.skippedByReason
        actions = report.isDryRun || verbose ? report.entries.map(Action.init) : []
        failures = report.failures.map(Failure.init)
        let secrets =
            report.blocked.flatMap { Secret.all(of: $0, sent: false) }
            + report.warned.flatMap { Secret.all(of: $0, sent: true) }
        self.secrets = secrets.isEmpty ? nil : secrets
        stopped = report.stopText
    }
}

extension JSONSync.Failure {
    init(_ failure: SyncReport.Failure) {
        self.init(
            path: failure.path?.description,
            code: failure.code,
            message: failure.message,
            retryable: failure.isRetryable
        )
    }
}

extension JSONSync.Secret {
    fileprivate static func all(of file: Snapshot.Skipped, sent: Bool) -> [Self] {
        file.reason.secrets.map { finding in
            Self(
                path: file.path.description,
                line: finding.line,
                column: finding.column,
                kind: finding.kind,
                fingerprint: finding.fingerprint,
                sent: sent
            )
        }
    }
}

/// The document of a `sync` to several accounts.
struct JSONSyncs: Encodable {
    var ok: Bool
    /// In the order in which the accounts were named.
    var syncs: [JSONSync]
}

extension JSONSync.Action {
    init(_ entry: SyncReport.Entry) {
        self.init(
            action: entry.kind.rawValue,
            path: entry.path?.description,
            sha256: entry.digest?.hex,
            reason: entry.reason,
            remoteId: entry.remote?.id.rawValue,
            bytes: entry.size
        )
    }
}
