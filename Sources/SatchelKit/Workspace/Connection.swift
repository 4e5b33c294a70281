package import SatchelCore
internal import FoundationEssentials
internal import SatchelManifest
internal import SatchelRemote

/// An account that a command can work with: its number in the manifest, its files and its model.
package struct Connection: Sendable {
    package let account: AccountConfiguration
    /// The manifest's number of the account that holds the files: the local one, where a server has no Files API.
    let id: AccountID
    /// The number of the account that questions go to: the server's own, also where it has no Files API.
    let chatID: AccountID
    package internal(set) var provider: any FileProvider
    /// Nil when no model is configured.
    package let model: (any ChatModel)?
    package internal(set) var modelName: String?
    /// Nil where no pictures are made.
    var images: (any ImageModel)?
    /// Who is told when requests wait.
    let waits: WaitObservers

    package var traits: ProviderTraits { provider.traits }
}

extension Workspace {
    /// Makes the account ready for use: fetches its key and finds its number.
    ///
    /// - Parameters:
    ///   - name: nil for the default account.
    ///   - notice: told what the user has to know of the account before it is used, such as that the key goes out
    ///     unencrypted. Everybody who connects says where that goes, so that no command forgets it.
    ///   - onWait: told when a request waits before it is tried again.
    /// - Returns: what a sync or a chat needs of the account.
    /// - Throws: when there is no such account, no key, or a compatible server cannot be asked what it offers.
    package func connect(
        to name: String? = nil,
        notice: (String) -> Void,
        onWait: @escaping @Sendable (Double, String) -> Void = { _, _ in }
    ) async throws -> Connection {
        let account = try configuration.account(named: name)
        let waits = WaitObservers(onWait)
        guard account.kind != .local else { return try await connectLocally(account, waits) }
        let key = try await account.resolveKey(environment: context.environment)
        let endpoint = try account.endpoint(key: key.flatMap { Secret($0) })
        let id = try await manifest.account(
            provider: account.kind,
            baseURL: endpoint.baseURL,
            keyFingerprint: account.fingerprint(of: endpoint.key, hashing),
            label: account.name,
            at: now()
        )
        let (gate, client, limitNotice) = limitGate(for: account, at: endpoint) { waits.tell($0, $1) }
        if let warning = endpoint.warning(of: account.name) { notice(warning) }
        if let limitNotice { notice(limitNotice) }
        let remote = RemoteProviders(client: client, hashing: hashing)
        guard let files = remote.files(of: account.kind, at: endpoint) else {
            throw WorkspaceError(.cannotStart, "account \(account.name): this version has no \(account.kind.rawValue)")
        }
        let modelName = configuration.model(for: account)
        let prices = prices
        let limited = { [manifest] (model: any ChatModel) -> any ChatModel in
            LimitedModel(model, gate: gate, prices: prices) { file in
                (try? await manifest.size(of: file, in: id)) ?? 0
            }
        }
        let images: (any ImageModel)? = remote.images(of: account.kind, at: endpoint)
            .map { LimitedImages($0, gate: gate, prices: prices) }
        if account.kind == .openaiCompatible, try await !hasFilesAPI(files, account: id) {
            let local = try await connectLocally(account, waits)
            notice("\(account.name) has no Files API: files are kept in the local store, and chats inline their text")
            return Connection(
                account: account,
                id: local.id,
                chatID: id,
                provider: local.provider,
                model: modelName == nil ? nil : limited(remote.modelWithoutFiles(at: endpoint)),
                modelName: modelName,
                images: images,
                waits: waits
            )
        }
        return Connection(
            account: account,
            id: id,
            chatID: id,
            provider: RetryingProvider(LimitedProvider(files, gate: gate), policy: configuration.retry) {
                seconds,
                error in
                waits.tell(seconds, error.message)
            },
            model: modelName == nil ? nil : remote.model(of: account.kind, at: endpoint).map(limited),
            modelName: modelName,
            images: images,
            waits: waits
        )
    }

    /// What models cost, as far as it is known here.
    package var prices: PriceTable { PriceTable(own: configuration.prices) }

    private func connectLocally(_ account: AccountConfiguration, _ waits: WaitObservers) async throws -> Connection {
        let id = try await manifest.account(
            provider: .local,
            baseURL: "",
            keyFingerprint: "",
            label: "local",
            at: now()
        )
        return Connection(
            account: account,
            id: id,
            chatID: id,
            provider: LocalFiles(objects),
            model: nil,
            modelName: nil,
            waits: waits
        )
    }

    /// Asks a compatible server once a day whether it has `/files`.
    private func hasFilesAPI(_ files: any FileProvider, account: AccountID) async throws -> Bool {
        let key = "files_api:\(account.rawValue)"
        let remembered = try await manifest.setting(key)?.split(separator: " ").map(String.init) ?? []
        if remembered.count == 2, let asked = Double(remembered[1]) {
            let age = now().timeIntervalSince1970 - asked
            if age >= 0, age < 86400 { return remembered[0] == "yes" }
        }
        let answer = try await files.probe() != .noFiles
        try await manifest.setSetting(key, to: "\(answer ? "yes" : "no") \(now().timeIntervalSince1970)")
        return answer
    }

    /// The account's number and traits without its key, for commands that only look; nil while nothing was synced.
    func rememberedAccount(_ account: AccountConfiguration) async throws -> AccountID? {
        // Keys in the environment cost nothing to look at; a key command may ask for a password.
        if account.keyCommand == nil, account.kind != .local,
            let key = try? await account.resolveKey(environment: context.environment),
            let id = try await manifest.knownAccount(
                provider: account.kind,
                baseURL: account.endpoint(key: Secret(key)).baseURL,
                keyFingerprint: account.fingerprint(of: Secret(key), hashing)
            )
        {
            return id
        }
        let accounts = try await manifest.accounts()
        if let found = accounts.last(where: { $0.provider == account.kind.rawValue && $0.label == account.name }) {
            let isLocalStandIn =
                try await manifest.setting("files_api:\(found.id.rawValue)")?.hasPrefix("no") ?? false
            if !isLocalStandIn { return found.id }
        }
        // A compatible server without a Files API keeps its files in the local store.
        let mayBeLocal = account.kind == .local || account.kind == .openaiCompatible
        return mayBeLocal ? accounts.last { $0.provider == ProviderID.local.rawValue }?.id : nil
    }

    /// What the account's provider can do, as far as that is known without asking it.
    func traits(of account: AccountConfiguration) -> ProviderTraits {
        RemoteProviders.traits(of: account.kind)
    }
}
