package import SatchelCore

/// Everything the user may decide, from flags, the environment and two files, each value with where it came from.
///
/// A value with its defaults is a complete configuration; ``load(workspace:environment:overrides:read:)`` fills in what
/// was said.
package struct Configuration: Sendable {
    /// What happens to a remote copy that is about to expire.
    package enum Renewal: String, Hashable, Sendable, CaseIterable {
        /// It is uploaded again when it is needed.
        case onUse = "on-use"
        /// `watch` uploads it again in time.
        case always
    }

    /// The name of the account that is meant when none is named; see ``defaultAccountName``.
    package var defaultAccount: String?
    /// In the order of the files, then those the environment has keys for, then `local`; names are unique.
    package var accounts: [AccountConfiguration] = []
    /// How long remote copies are wanted; an account may say otherwise, see ``ttl(for:)``.
    package var ttl: TimeToLive = .seconds(86400)
    package var renewal: Renewal = .onUse
    package var upload: UploadMoment = .eager
    /// A copy counts as stale so long before it expires.
    package var safetyMargin: Duration = .seconds(600)
    /// A copy that nothing refers to any more is kept so long.
    package var keepUnreferenced: Duration = .seconds(86400)
    /// What the local store keeps for chats and for `add`.
    package var keep = KeepLimits()
    /// What happens when an account is full.
    package var whenFull: WhenFull = .stop
    /// Include, exclude, hidden, gitignore and the size limit.
    package var selection: SelectionPolicy = {
        var policy = SelectionPolicy()
        policy.maxFileSize = ByteCount(10_000_000)
        return policy
    }()
    /// Nil: as many as suits the provider.
    package var parallelUploads: Int?
    package var retry = RetryPolicy()
    package var deleteCeiling = DeleteCeiling()
    package var gate = GateSettings()
    package var watch = WatchTiming()
    package var chat = ChatDefaults()
    package var image = ImageDefaults()
    /// Paths and globs of the files that every thread is shown with its first question.
    package var pinned: [SelectionRule] = []
    /// What models cost, where the user knows better than the published table.
    package var prices: [OwnPrice] = []
    /// Folders whose workspace files may run commands and name servers; absolute.
    package var trustedFolders: [String] = []

    /// Where each value came from, by the setting's whole name; what is missing is built in.
    package internal(set) var sources: [String: ConfigurationSource] = [:]

    package init() {}

    /// Where the value of a setting came from.
    package func source(of name: String) -> ConfigurationSource { sources[name] ?? .builtIn }
}

/// When files are sent to an account.
package enum UploadMoment: String, Hashable, Sendable, CaseIterable {
    /// By `sync` and `watch`.
    case eager
    /// By the first chat that refers to them.
    case onReference = "on-reference"
}

/// What happens to an upload that the account has no room for.
package enum WhenFull: String, Hashable, Sendable, CaseIterable {
    /// It fails, with the account's reason.
    case stop
    /// Copies that were not used for the longest time make room.
    case evict
}

/// How much the local store keeps so that a version can be shown again after its file has changed.
package struct KeepLimits: Hashable, Sendable {
    package var maxFileSize = ByteCount(50_000_000)
    package var maxTotal = ByteCount(2_000_000_000)

    package init() {}
}

/// Deletes above both figures stop and ask.
package struct DeleteCeiling: Hashable, Sendable {
    /// Files.
    package var count = 10
    /// Of the files that are in step, from 0 to 100.
    package var percent = 10

    package init() {}
}

/// What is done about secrets in what is about to leave this machine.
package struct GateSettings: Hashable, Sendable {
    /// What becomes of a file that holds a secret.
    package enum Mode: String, Hashable, Sendable, CaseIterable {
        /// What holds a secret stays here.
        case block
        /// It is told, and sent.
        case warn
        /// Nothing is looked at.
        case off
    }

    package var mode = Mode.block
    /// Fingerprints of findings that may leave.
    package var allow: [String] = []
    /// What counts as a secret besides the known formats.
    package var patterns: [SecretPattern] = []

    package init() {}
}

/// How `watch` gathers events.
package struct WatchTiming: Hashable, Sendable {
    /// Nothing may happen for so long before a change is acted on.
    package var quiet: Duration = .milliseconds(250)
    /// The longest that a change waits for quiet.
    package var cap: Duration = .seconds(3)
    /// A deleted file may come back within this time.
    package var deleteHold: Duration = .seconds(1)
    /// Everything is looked at again so often.
    package var rescan: Duration = .seconds(1800)
    /// What `cleanup` would delete is deleted so often; zero for never.
    package var cleanup: Duration = .seconds(86400)
    /// Everything is looked at again so often where changes go unreported.
    package var poll: Duration = .seconds(30)

    package init() {}
}

/// What a chat begins with.
package struct ChatDefaults: Hashable, Sendable {
    package var account: String?
    package var model: String?
    package var system: String?
    /// Whether models may look into the synced files by themselves.
    package var tools = true
    /// What a thread goes on with when a file has changed since it was shown.
    package var versions = VersionRule.follow
    /// How much `--auto` may choose for one question.
    package var auto = AutoBudget(tokens: 30_000, files: 8)
    /// The longest silence of a provider in the middle of an answer, or before it.
    package var idleTimeout: Duration = .seconds(600)
    /// Whether models are asked for the places that their words are from, where they can tell.
    package var citations = true

    package init() {}
}
