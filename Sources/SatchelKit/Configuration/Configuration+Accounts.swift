package import SatchelCore

extension Configuration {
    /// The account that is meant when none is named: `default_account`, else the only one that has a key, else
    /// `local`.
    package var defaultAccountName: String {
        if let defaultAccount { return defaultAccount }
        let ready = accounts.filter(\.hasKey)
        return ready.count == 1 ? ready[0].name : ProviderID.local.rawValue
    }

    /// The variables that make an account without configuration.
    package static var keyVariables: [String] {
        ProviderID.allCases.flatMap(\.keyVariables)
    }

    /// The account of that name, or the default one.
    ///
    /// - Throws: when there is none.
    package func account(named name: String? = nil) throws(ConfigurationError) -> AccountConfiguration {
        let wanted = name ?? defaultAccountName
        guard let account = accounts.first(where: { $0.name == wanted }) else {
            throw ConfigurationError("account", missingAccount(wanted))
        }
        return account
    }

    /// The model that answers: a flag or variable for this run, else the account's, else the general one.
    package func model(for account: AccountConfiguration) -> String? {
        source(of: "chat.model").isImmediate ? chat.model : account.model ?? chat.model
    }

    /// How long copies in this account are wanted: a flag or variable for this run, else the account's, else the
    /// general one.
    package func ttl(for account: AccountConfiguration) -> TimeToLive {
        source(of: "ttl").isImmediate ? ttl : account.ttl ?? ttl
    }

    /// Words such as `there is no account "opnai"; did you mean openai?`.
    func missingAccount(_ name: String) -> String {
        let names = accounts.map(\.name)
        let hint =
            nearestName(to: name, among: names).map { "did you mean \($0)?" }
            ?? "there are \(names.joined(separator: ", "))"
        return "there is no account \"\(printable(name))\"; \(hint)"
    }
}
