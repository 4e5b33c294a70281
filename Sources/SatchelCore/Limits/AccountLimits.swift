/// How fast an account may be used; nil where nothing is known or wanted.
///
/// All programs of one user that use the same key share them.
package struct AccountLimits: Hashable, Sendable {
    /// Requests of any kind.
    package var requestsPerMinute: Int?
    package var uploadsPerMinute: Int?
    /// Tokens that chats send, counted as a quarter of their bytes.
    package var tokensPerMinute: Int?
    /// Requests of one process that run side by side.
    package var concurrency: Int?
    /// Bytes a second that uploads take, all together.
    package var bandwidth: ByteCount?

    package init(
        requestsPerMinute: Int? = nil,
        uploadsPerMinute: Int? = nil,
        tokensPerMinute: Int? = nil,
        concurrency: Int? = nil,
        bandwidth: ByteCount? = nil
    ) {
        self.requestsPerMinute = requestsPerMinute
        self.uploadsPerMinute = uploadsPerMinute
        self.tokensPerMinute = tokensPerMinute
        self.concurrency = concurrency
        self.bandwidth = bandwidth
    }

    /// What is set in `self`, and else what `other` says.
    package func filled(from other: AccountLimits) -> AccountLimits {
        AccountLimits(
            requestsPerMinute: requestsPerMinute ?? other.requestsPerMinute,
            uploadsPerMinute: uploadsPerMinute ?? other.uploadsPerMinute,
            tokensPerMinute: tokensPerMinute ?? other.tokensPerMinute,
            concurrency: concurrency ?? other.concurrency,
            bandwidth: bandwidth ?? other.bandwidth
        )
    }
}

/// What an account may take in a day of UTC; nothing is begun that would go beyond it.
package struct DailyBudget: Hashable, Sendable {
    package var bytes: ByteCount?
    package var uploads: Int?
    /// Of what has a price: storage where the provider charges for it, and answers that say what they cost.
    package var money: Dollars?

    package init(bytes: ByteCount? = nil, uploads: Int? = nil, money: Dollars? = nil) {
        self.bytes = bytes
        self.uploads = uploads
        self.money = money
    }

    package var isEmpty: Bool { bytes == nil && uploads == nil && money == nil }
}

/// What one request takes of limits and budget.
package struct RequestCost: Hashable, Sendable {
    package var requests: Int
    package var uploads: Int
    /// Of the uploads.
    package var bytes: Int64
    package var tokens: Int64
    package var money: Dollars

    package init(requests: Int = 1, uploads: Int = 0, bytes: Int64 = 0, tokens: Int64 = 0, money: Dollars = .zero) {
        self.requests = requests
        self.uploads = uploads
        self.bytes = bytes
        self.tokens = tokens
        self.money = money
    }
}
