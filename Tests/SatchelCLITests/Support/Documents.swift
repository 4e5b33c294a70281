import FoundationEssentials
import SatchelTestSupport

/// What `sync --json` prints.
struct SyncDocument: Decodable, Sendable {
    struct Summary: Decodable, Hashable, Sendable {
        var found, uploaded, rehydrated, linked, unchanged, deleted, skipped, failed, forgotten: Int
        var bytesUploaded: Int64

        var addsUp: Bool { found == uploaded + rehydrated + linked + unchanged + skipped + failed }
    }

    struct Action: Decodable, Hashable, Sendable {
        var action: String
        var path, sha256, remoteId: String?
        var reason: String
        var bytes: Int64?
    }

    struct Failure: Decodable, Hashable, Sendable {
        var path: String?
        var code, message: String
        var retryable: Bool
    }

    struct Secret: Decodable, Hashable, Sendable {
        var path: String
        var line, column: Int
        var kind, fingerprint: String
        var sent: Bool
    }

    var ok: Bool
    var account: String
    var dryRun: Bool
    var secrets: [Secret]?
    var summary: Summary
    var skippedByReason: [String: Int]
    var actions: [Action]
    var failures: [Failure]
    var stopped: String?
}

/// What `status --json` prints.
struct StatusDocument: Decodable, Sendable {
    struct Account: Decodable, Hashable, Sendable {
        var name, kind: String
        var inStep, new, changed, expiring, expired, pending, failed, deleted: Int
        var bytes: Int64
    }

    struct Watch: Decodable, Sendable {
        var running: Bool
        var pid: Int32?
        var since: String?
    }

    var ok: Bool
    var workspace: String
    var accounts: [Account]
    var found: Int
    var skipped: [String: Int]
    var watch: Watch
    var notInStep: [SyncDocument.Action]
    var failures: [SyncDocument.Failure]
    var stopped: String?
}

/// What `ls --json` prints.
struct ListDocument: Decodable, Sendable {
    struct Remote: Decodable, Hashable, Sendable {
        var account, state: String
        var remoteId, expiresAt, error: String?
    }

    struct File: Decodable, Hashable, Sendable {
        var path: String
        var size: Int64
        var sha256, mime, state: String
        var remotes: [Remote]
    }

    var ok: Bool
    var files: [File]

    subscript(path: String) -> File? { files.first { $0.path == path } }
}

/// What `why --json` prints.
struct WhyDocument: Decodable, Sendable {
    struct Rule: Decodable, Hashable, Sendable {
        var file: String
        var line: Int
        var pattern: String
    }

    var ok: Bool
    var path, decision, reason: String
    var rule: Rule?
    var sha256: String?
}

/// What `cleanup --json` prints.
struct CleanupDocument: Decodable, Sendable {
    struct Copy: Decodable, Hashable, Sendable {
        var remoteId: String?
        var name: String
        var bytes: Int64
        var reason: String
    }

    struct Summary: Decodable, Hashable, Sendable {
        var deleted, kept, failed: Int
        var bytes: Int64
    }

    var ok: Bool
    var account: String
    var dryRun: Bool
    var deleted, kept, failed: [Copy]
    var summary: Summary
}

/// What `chat --json` prints.
struct ChatDocument: Decodable, Sendable {
    struct File: Decodable, Hashable, Sendable {
        var path, sha256: String
        var remoteId: String?
    }

    struct Usage: Decodable, Hashable, Sendable {
        var input, cached, output, reasoning: Int
        var cacheWrite, toolCalls: Int?
    }

    struct Citation: Decodable, Hashable, Sendable {
        var origin, finding: String
        var path, sha256, quote, name, url: String?
        var line, lastLine, page: Int?
    }

    struct Passage: Decodable, Hashable, Sendable {
        var path: String
        var line: Int
        var sha256, text: String
    }

    var ok: Bool
    var thread, message: Int64
    var answer, account: String
    var model, cost, costSource, finishReason: String?
    var citations: [Citation]?
    var files: [File]
    var usage: Usage?
    var passages: [Passage]?
    var picked: [Picked]?
    var replaced: [Replaced]?

    struct Picked: Decodable, Hashable, Sendable {
        var path, sha256: String
        var tokens: Int
        var score: Double
        var terms: [String]
        var noteTerms: [String]?
        var cost: String?
    }

    struct Replaced: Decodable, Hashable, Sendable {
        var path, old, new, shown: String
        var linesAdded, linesRemoved: Int?
    }
}

/// What every command prints with `--json` when it could not do its work.
struct FailureDocument: Decodable, Sendable {
    struct Body: Decodable, Sendable {
        var code, message: String
        var hint: String?
        var retryable: Bool
    }

    var ok: Bool
    var error: Body
}
