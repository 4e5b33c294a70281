package import SatchelCore

/// A named place for remote copies, as it is configured.
///
/// It holds no key unless the user wrote one into a file only they can read; ``resolveKey(environment:)`` fetches it.
package struct AccountConfiguration: Sendable {
    /// Unique among the accounts.
    package let name: String
    package var kind: ProviderID = .local
    /// Without a slash at the end; nil for `local`.
    package var baseURL: String?
    package var model: String?
    /// The variables that may hold the key, in the order in which they are tried.
    package var keyEnvironment: [String] = []
    package var keyCommand: KeyCommand?
    package var organisation: String?
    package var project: String?
    /// Which version of the provider's API is spoken, where it has several; nil for its usual one.
    package var apiVersion: String?
    /// Instead of ``Configuration/ttl``.
    package var ttl: TimeToLive?
    /// Instead of what the provider publishes.
    package var limits = AccountLimits()
    package var budget = DailyBudget()
    /// Copies of this workspace together take at most so much in the account; nil for what the provider publishes.
    package var maxBytes: ByteCount?
    /// Sent with every request; values may be secret.
    package var headers: [Header] = []

    /// Where the account as a whole was first named.
    package internal(set) var source: ConfigurationSource = .builtIn
    /// Where each of its values came from, by the last part of the setting's name; what is missing is built in.
    package internal(set) var sources: [String: ConfigurationSource] = [:]
    /// Whether there is a variable, a command or a literal to take the key from.
    package internal(set) var hasKey = false
    /// What keeps the account from being used: an untrusted workspace's own file says where to send files, or what to run.
    package internal(set) var distrust: KeyError?
    /// From a private user file.
    var literalKey: ResolvedKey?
    /// The kind was written down; elsewhere it follows from the name.
    var kindIsGiven = false

    init(name: String) { self.name = name }

    /// Where the value of one of its settings came from.
    package func source(of name: String) -> ConfigurationSource { sources[name] ?? .builtIn }

    /// A header that goes with every request.
    package struct Header: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
}

/// How a key is fetched from another program.
package enum KeyCommand: Hashable, Sendable {
    /// A program and its arguments, found along `PATH`.
    case arguments([String])
    /// A line for `/bin/sh -c`.
    case shell(String)
}

extension KeyCommand: CustomStringConvertible {
    package var description: String {
        switch self {
        case .arguments(let arguments): arguments.joined(separator: " ")
        case .shell(let line): line
        }
    }
}
