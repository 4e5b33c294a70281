package import SatchelCore
internal import SatchelRemote

extension AccountConfiguration {
    /// What the user says, and for the provider's own address what it publishes.
    ///
    /// Servers elsewhere that speak the same language have limits of their own.
    package func effectiveLimits(_ traits: ProviderTraits) -> AccountLimits {
        isAtOwnAddress ? limits.filled(from: traits.limits) : limits
    }

    /// What all files of the account may take: what the user says, and else for the provider's own address what it
    /// publishes; nil for no limit that is known.
    package func effectiveRoom(_ traits: ProviderTraits) -> ByteCount? {
        maxBytes ?? (isAtOwnAddress ? traits.maxAccountFiles : nil)
    }

    private var isAtOwnAddress: Bool { baseURL == kind.publicBaseURL }
}

extension Workspace {
    /// The door to an account, the client that keeps to its bandwidth, and what there is to say about it.
    func limitGate(
        for account: AccountConfiguration,
        at endpoint: Endpoint,
        onWait: @escaping @Sendable (Double, String) -> Void
    ) -> (LimitGate, HTTPClient, notice: String?) {
        let limits = account.effectiveLimits(traits(of: account))
        let (book, notice) = openLimitBook(environment: context.environment)
        let limiter = AccountLimiter(
            LimitPolicy(limits: limits, budget: account.budget),
            account: "\(account.kind.rawValue) \(endpoint.baseURL) \(account.fingerprint(of: endpoint.key, hashing))",
            book: book
        )
        let gate = LimitGate(limiter, now: context.now, onWait: onWait)
        let client =
            limits.bandwidth.map { HTTPClient(sendSpeed: $0.bytes, onExchange: { [life] in life.note() }) } ?? http
        let isLimited = limits != AccountLimits() || !account.budget.isEmpty
        return (gate, client, isLimited ? notice : nil)
    }
}
