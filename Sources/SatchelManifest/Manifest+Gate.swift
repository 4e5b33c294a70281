internal import FoundationEssentials
internal import GRDB
package import SatchelCore

extension Manifest {
    /// What the gate found in each of these contents under these rules; a content that it has not looked at is missing.
    package func gateFindings(
        of digests: Set<ContentDigest>,
        rules: Int64
    ) async throws(ManifestError) -> [ContentDigest: [SecretFinding]] {
        try await read { db in
            let check = try db.cachedStatement(sql: "SELECT 1 FROM gate_check WHERE sha256 = ? AND rules = ?")
            let findings = try db.cachedStatement(
                sql: "SELECT kind, line, column, fingerprint FROM gate_finding WHERE sha256 = ? ORDER BY position"
            )
            var result: [ContentDigest: [SecretFinding]] = [:]
            for digest in digests where try Int.fetchOne(check, arguments: [digest.blob, rules]) != nil {
                result[digest] = try Row.fetchAll(findings, arguments: [digest.blob]).map { row in
                    SecretFinding(kind: row[0], line: row[1], column: row[2], fingerprint: row[3])
                }
            }
            return result
        }
    }

    /// Remembers what the gate found, so that no content is looked at twice under the same rules.
    package func rememberGate(
        _ found: [ContentDigest: [SecretFinding]],
        rules: Int64
    ) async throws(ManifestError) {
        guard !found.isEmpty else { return }
        try await write { db in
            let check = try db.cachedStatement(
                sql: """
                    INSERT INTO gate_check (sha256, rules) VALUES (?, ?)
                    ON CONFLICT (sha256) DO UPDATE SET rules = excluded.rules
                    """
            )
            let clear = try db.cachedStatement(sql: "DELETE FROM gate_finding WHERE sha256 = ?")
            let insert = try db.cachedStatement(
                sql: """
                    INSERT INTO gate_finding (sha256, position, kind, line, column, fingerprint)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """
            )
            for (digest, findings) in found {
                try check.execute(arguments: [digest.blob, rules])
                try clear.execute(arguments: [digest.blob])
                for (position, finding) in findings.enumerated() {
                    try insert.execute(arguments: [
                        digest.blob, position, finding.kind, finding.line, finding.column, finding.fingerprint,
                    ])
                }
            }
        }
    }
}
