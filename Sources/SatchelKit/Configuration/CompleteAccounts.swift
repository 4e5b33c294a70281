internal import SatchelCore

extension SettingsReader {
    /// Fills in what accounts leave to the environment and to their kind, and adds those that need no configuration.
    ///
    /// `own` are the accounts as the user's own file has them.
    mutating func completeAccounts(
        environment: [String: String],
        workspace: String?,
        own: [AccountConfiguration],
        in configuration: inout Configuration
    ) {
        let stranger = workspace.flatMap { isTrusted($0, by: configuration.trustedFolders) ? nil : $0 }
        for index in configuration.accounts.indices {
            complete(&configuration.accounts[index], environment: environment)
            if let stranger {
                let account = configuration.accounts[index]
                let own = own.first { $0.name == account.name }
                configuration.accounts[index].distrust = distrust(account, own: own, in: stranger)
            }
        }
        let configured = Set(configuration.accounts.map(\.kind))
        for kind in ProviderID.allCases where !configured.contains(kind) {
            guard !configuration.accounts.contains(where: { $0.name == kind.rawValue }),
                let variable = kind.keyVariables.first(where: { isSet($0, in: environment) })
            else { continue }
            var account = AccountConfiguration(name: kind.rawValue)
            account.source = .environment(variable)
            complete(&account, environment: environment)
            configuration.accounts.append(account)
        }
        if !configuration.accounts.contains(where: { $0.name == ProviderID.local.rawValue }) {
            configuration.accounts.append(AccountConfiguration(name: ProviderID.local.rawValue))
        }
    }

    /// Reports accounts that are named but not there.
    mutating func checkReferences(in configuration: Configuration) {
        let references = [
            ("default_account", configuration.defaultAccount), ("chat.account", configuration.chat.account),
            ("image.account", configuration.image.account),
        ]
        for case (let setting, let name?) in references
        where !configuration.accounts.contains(where: { $0.name == name }) {
            let source = configuration.source(of: setting)
            let key = source.isImmediate ? nil : setting
            let message = configuration.missingAccount(name)
            problems.append(ConfigurationProblem(place: source.description, key: key, message: message))
        }
        if configuration.watch.cap < configuration.watch.quiet {
            let source = configuration.sources["watch.cap"] ?? configuration.source(of: "watch.quiet")
            let message = "watch.cap must not be shorter than watch.quiet"
            problems.append(ConfigurationProblem(place: source.description, key: nil, message: message))
        }
    }

    private mutating func complete(_ account: inout AccountConfiguration, environment: [String: String]) {
        let named = ProviderID(rawValue: account.name)
        if !account.kindIsGiven {
            guard let named else {
                report(account, "kind is missing; add kind: with one of \(kindNames)")
                return
            }
            account.kind = named
        }
        if account.name == ProviderID.local.rawValue, account.kind != .local {
            report(account, "local is this machine's own store; give the account another name")
        }
        let kind = account.kind
        if account.baseURL == nil {
            fillBaseURL(&account, environment: environment)
        } else if kind == .local {
            report(account, "a local account has no base_url; remove it, or use kind: openai-compatible")
        }
        if kind == .openaiCompatible, account.baseURL == nil {
            report(account, "openai-compatible needs base_url, such as http://127.0.0.1:8080/v1")
        }
        if account.keyEnvironment.isEmpty { account.keyEnvironment = kind.keyVariables }
        fill(&account.organisation, of: &account.sources, "organisation", kind.organisationVariable, environment)
        fill(&account.project, of: &account.sources, "project", kind.projectVariable, environment)
        account.hasKey =
            account.keyCommand != nil || account.literalKey != nil
            || account.keyEnvironment.contains { isSet($0, in: environment) }
    }

    private mutating func fillBaseURL(_ account: inout AccountConfiguration, environment: [String: String]) {
        account.baseURL = account.kind.publicBaseURL
        guard let variable = account.kind.baseURLVariable, let text = environment[variable], !text.isEmpty else {
            return
        }
        guard let url = baseURL(text) else {
            let message = "expected an http or https address such as https://api.example.org/v1"
            problems.append(ConfigurationProblem(place: variable, key: nil, message: message))
            return
        }
        account.baseURL = url
        account.sources["base_url"] = .environment(variable)
    }

    private func fill(
        _ value: inout String?,
        of sources: inout [String: ConfigurationSource],
        _ name: String,
        _ variable: String?,
        _ environment: [String: String]
    ) {
        guard value == nil, let variable, let text = environment[variable], !text.isEmpty else { return }
        value = text
        sources[name] = .environment(variable)
    }

    private mutating func report(_ account: AccountConfiguration, _ message: String) {
        let place = account.source.description
        problems.append(ConfigurationProblem(place: place, key: "accounts.\(account.name)", message: message))
    }
}

/// Whether somebody put something there, also what cannot be a key: that is told when the account is used, rather than
/// have the files go to another one.
private func isSet(_ variable: String, in environment: [String: String]) -> Bool {
    environment[variable, default: ""].contains { !$0.isWhitespace }
}
