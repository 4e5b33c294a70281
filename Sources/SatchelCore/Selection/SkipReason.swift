/// Why a path that was found is not kept in step.
///
/// Every skipped path has one.
package enum SkipReason: Hashable, Sendable {
    /// `.git`, `.satchel` and other folders that are never entered, whatever the rules say.
    case reserved
    /// A rule of `.gitignore`, `.ignore`, `.satchelignore` or the global git excludes.
    case ignored(SelectionRule)
    /// An `exclude` glob of the configuration.
    case excluded(SelectionRule)
    /// There are `include` globs, and none of them matches.
    case notIncluded
    /// A name that starts with a dot, while `hidden: false`.
    case hidden
    /// Larger than the limit of the configuration or of the account.
    case tooLarge(limit: ByteCount)
    /// A symbolic link: its target is synced where it lives, and nothing outside the workspace is.
    case symlink
    /// A FIFO, socket or device.
    case special
    /// A repository inside the workspace that git treats as a unit of its own.
    case nestedRepository
    /// The account has no use for this kind of file.
    case unsupported(MediaType)
    /// The account's provider has no ids for this kind of file; a chat shows it as part of the question.
    case inlined(MediaType)
    /// An empty file, where the account's provider takes none.
    case empty
    /// With `ttl: 0` a copy is made when a chat needs it, and deleted when that chat ends.
    case onDemand
    /// With `upload: on-reference` a copy is made by the first chat that refers to the file.
    case onReference
    /// It holds what looks like secrets, and would leave this machine.
    case secret([SecretFinding])
}

extension SkipReason {
    /// Whether a chat can show the file although no copy of it is kept in step.
    package var isShownInChats: Bool {
        switch self {
        case .inlined, .onDemand, .onReference: true
        default: false
        }
    }

    /// What can be done about a secret.
    package static var secretRemedy: String {
        "remove it, exclude the file, or list the fingerprint under gate.allow in satchel.yaml"
    }

    /// What was found in a file that is kept back for it.
    package var secrets: [SecretFinding] { if case .secret(let findings) = self { findings } else { [] } }

    /// The stable key of `skipped_by_reason` in JSON.
    package var code: String {
        switch self {
        case .reserved: "reserved"
        case .ignored: "ignored"
        case .excluded: "excluded"
        case .notIncluded: "not_included"
        case .hidden: "hidden"
        case .tooLarge: "too_large"
        case .symlink: "symlink"
        case .special: "special"
        case .nestedRepository: "nested_repository"
        case .unsupported: "unsupported"
        case .inlined: "inlined"
        case .empty: "empty"
        case .onDemand: "on_demand"
        case .onReference: "on_reference"
        case .secret: "secret"
        }
    }
}

extension SkipReason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .reserved: "never synced"
        case .ignored(let rule): "ignored by \(rule)"
        case .excluded(let rule): "excluded by \(rule)"
        case .notIncluded: "matched by no include pattern"
        case .hidden: "hidden (set `hidden: true` to include dotfiles)"
        case .tooLarge(let limit): "larger than the limit of \(limit)"
        case .symlink: "a symbolic link"
        case .special: "not a regular file"
        case .nestedRepository: "a git repository of its own"
        case .unsupported(let media): "the account does not take \(media) files"
        case .inlined(let media): "the account takes no \(media) files by id; chats show it as part of the question"
        case .empty: "empty, and the account takes no empty files"
        case .onDemand: "uploaded when a chat needs it and deleted when that chat ends (`ttl: 0`)"
        case .onReference: "uploaded when a chat refers to it (`upload: on-reference`)"
        case .secret(let findings):
            "holds a secret, \(findings.first.map { "\($0)" } ?? "")"
                + (findings.count > 1 ? " and \(findings.count - 1) more" : "") + "; \(SkipReason.secretRemedy)"
        }
    }
}
