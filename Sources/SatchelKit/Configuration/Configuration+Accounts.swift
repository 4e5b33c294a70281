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

    /// Words such as `there is no account "opnai"; did you mean openai?`, and for a provider without its key
    /// `there is no account "openai"; set OPENAI_API_KEY, or define it under accounts`.
    func missingAccount(_ name: String) -> String {
        let names = accounts.map(\.name)
        let kind = ProviderID(rawValue: name)
        let ofThatKind = accounts.filter { $0.kind == kind }.map(\.name)
        let hint =
            if !ofThatKind.isEmpty {
                "of that kind there is \(ofThatKind.joined(separator: ", "))"
            } else if let way = kind?.wayToAccount {
                way
            } else if let nearest = nearestName(to: name, among: names + ProviderID.allCases.map(\.rawValue)) {
                "did you mean \(nearest)?"
            } else {
                names.count == 1 ? "there is only \(names[0])" : "there are \(names.joined(separator: ", "))"
            }
        return "there is no account \"\(withoutKeys(name))\"; \(hint)"
    }
}
