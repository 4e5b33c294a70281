package import SatchelCore
internal import SatchelManifest

/// How full an account is.
package struct Quota: Sendable {
    /// So many files with so many bytes together.
    package struct Sum: Hashable, Sendable {
        package var files = 0
        package var bytes: Int64 = 0
    }

    package var account: String
    package var kind: ProviderID
    /// Copies of this workspace, as remembered.
    package var ours = Sum()
    /// Everything the account holds, as it lists it; nil when it was not asked.
    package var total: Sum?
    package var limit: ByteCount?
    /// Whether the limit is the account's `max_bytes`, not what the provider publishes.
    package var isConfigured: Bool
}

extension Workspace {
    /// How full accounts are; with `asks`, by listing all they hold.
    ///
    /// - Parameters:
    ///   - names: of accounts; without any, those that hold copies of this workspace, and the default one.
    ///   - asks: count what is there, page by page.
    ///   - notice: as for ``connect(to:notice:onWait:)``.
    /// - Returns: in the order of `names`, or of the configuration.
    /// - Throws: when there is no such account, or it cannot be asked.
    package func quotas(of names: [String], asks: Bool, notice: (String) -> Void) async throws -> [Quota] {
        var result: [Quota] = []
        for account in try await accountsToShow(names) {
            let traits = traits(of: account)
            var quota = Quota(
                account: account.name,
                kind: account.kind,
                limit: account.effectiveRoom(traits),
                isConfigured: account.maxBytes != nil
            )
            if let id = try await rememberedAccount(account) {
                let held = try await manifest.heldCopies(in: id)
                quota.ours = Quota.Sum(files: held.count, bytes: held.reduce(0) { $0 + $1.size })
            }
            if asks {
                let connection = try await connect(to: account.name, notice: notice)
                var sum = Quota.Sum()
                var cursor: String?
                repeat {
                    try Task.checkCancellation()
                    let page = try await connection.provider.list(after: cursor)
                    sum.files += page.files.count
                    for file in page.files { sum.bytes.add(told: file.size ?? 0) }
                    cursor = page.next
                } while cursor != nil
                quota.total = sum
            }
            result.append(quota)
        }
        return result
    }
}
