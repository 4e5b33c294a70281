package import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// One account that this workspace has been in step with.
    package struct Account: Hashable, Sendable {
        package var id: AccountID
        package var provider: String
        package var baseURL: String
        package var label: String
    }

    /// The number of the account, which is made where it is new.
    ///
    /// - Parameters:
    ///   - provider: whose wire format it speaks.
    ///   - baseURL: where it is; empty for local.
    ///   - keyFingerprint: tells keys apart without keeping them; includes organisation and project; empty for local.
    ///   - label: the account's name in the configuration, kept up to date.
    ///   - now: the time.
    /// - Returns: the account's number in this manifest.
    /// - Throws: ``ManifestError``.
    package func account(
        provider: ProviderID,
        baseURL: String,
        keyFingerprint: String,
        label: String,
        at now: Date
    ) async throws(ManifestError) -> AccountID {
        try await write { db in
            let id = try Int64.fetchOne(
                db,
                sql: """
                    INSERT INTO account (provider, base_url, key_fingerprint, label, created_at) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (provider, base_url, key_fingerprint) DO UPDATE SET label = excluded.label
                    RETURNING id
                    """,
                arguments: [provider.rawValue, baseURL, keyFingerprint, label, now.milliseconds]
            )
            guard let id else { throw MalformedRow() }
            return AccountID(id)
        }
    }

    /// The number of the account if this workspace knows it.
    package func knownAccount(
        provider: ProviderID,
        baseURL: String,
        keyFingerprint: String
    ) async throws(ManifestError) -> AccountID? {
        try await read { db in
            try Int64.fetchOne(
                db,
                sql: "SELECT id FROM account WHERE provider = ? AND base_url = ? AND key_fingerprint = ?",
                arguments: [provider.rawValue, baseURL, keyFingerprint]
            ).map(AccountID.init)
        }
    }

    /// All accounts that this workspace ever used, in the order of their first use.
    package func accounts() async throws(ManifestError) -> [Account] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT id, provider, base_url, label FROM account ORDER BY id").map { row in
                Account(id: AccountID(row[0]), provider: row[1], baseURL: row[2], label: row[3])
            }
        }
    }
}
