internal import FoundationEssentials
internal import SatchelCore

/// What is asked of a watch beside syncs and clean-ups: the commands that change what is remembered of an account.
extension ControlRequest {
    struct Rehydrate: Codable, Sendable {
        /// In the escaped form; absent for everything.
        var paths: [String]?
        var account: String
        var accountId: Int64
        var within: Double
        var all: Bool
    }

    struct Reconcile: Codable, Sendable {
        var account: String
        var accountId: Int64
        var adopts: Bool
        var deletesOrphans: Bool
    }

    struct Verify: Codable, Sendable {
        var account: String
        var accountId: Int64
    }

    struct Revoke: Codable, Sendable {
        /// In the escaped form; none for everything.
        var paths: [String]
        var since: Date?
        /// Nil for all.
        var account: String?
        var confirmed: Bool
    }
}

extension ControlAnswer {
    /// A copy or a file of an account.
    struct Held: Codable, Sendable {
        var remoteId: String
        var name: String?
        var account: String?
        var bytes: Int64?
        var sha256: String?
        var path: String?
        var reason: String?

        var id: RemoteFileID? { RemoteFileID(remoteId) }
        var place: WorkspacePath? { path.flatMap { WorkspacePath(escaped: $0) } }
        var digest: ContentDigest? { sha256.flatMap { ContentDigest(hex: $0) } }
    }

    struct Reconcile: Codable, Sendable {
        var account: String
        var ours, missing, foreign: Int
        var orphaned, adoptable, adopted, deleted, failed: [Held]
        var accountError: Failure?
    }

    struct Verify: Codable, Sendable {
        var account: String
        var present, expired: Int
        var missing: [Held]
    }

    struct Revoke: Codable, Sendable {
        var revoked, failed: [Held]
        var comingBack: [String]
        var accountError: Failure?
        var notices: [String]?
    }
}

extension ControlAnswer.Reconcile {
    init(_ found: Reconciliation) {
        func held(_ files: [Reconciliation.File]) -> [ControlAnswer.Held] {
            files.map { file in
                ControlAnswer.Held(
                    remoteId: file.remoteID.rawValue,
                    name: file.name,
                    bytes: file.size,
                    sha256: file.digest?.hex,
                    path: file.path?.description,
                    reason: file.error
                )
            }
        }
        self.init(
            account: found.account,
            ours: found.ours,
            missing: found.missing,
            foreign: found.foreign,
            orphaned: held(found.orphaned),
            adoptable: held(found.adoptable),
            adopted: held(found.adopted),
            deleted: held(found.deleted),
            failed: held(found.failed),
            accountError: found.accountError.map { ControlAnswer.Failure($0) }
        )
    }

    var reconciliation: Reconciliation {
        func files(_ held: [ControlAnswer.Held]) -> [Reconciliation.File] {
            held.compactMap { held in
                guard let id = held.id else { return nil }
                return Reconciliation.File(
                    remoteID: id,
                    name: held.name ?? "",
                    size: held.bytes,
                    digest: held.digest,
                    path: held.place,
                    error: held.reason
                )
            }
        }
        var found = Reconciliation(account: account, isDryRun: false)
        (found.ours, found.missing, found.foreign) = (ours, missing, foreign)
        found.orphaned = files(orphaned)
        found.adoptable = files(adoptable)
        found.adopted = files(adopted)
        found.deleted = files(deleted)
        found.failed = files(failed)
        found.accountError = accountError?.providerError
        return found
    }
}

extension ControlAnswer.Verify {
    init(_ found: Verification) {
        account = found.account
        (present, expired) = (found.present, found.expired)
        missing = found.missing.map { copy in
            ControlAnswer.Held(
                remoteId: copy.remoteID.rawValue,
                bytes: copy.size,
                sha256: copy.digest.hex,
                path: copy.path?.description,
                reason: copy.reason
            )
        }
    }

    var verification: Verification {
        var found = Verification(account: account)
        (found.present, found.expired) = (present, expired)
        found.missing = missing.compactMap { held in
            guard let id = held.id, let digest = held.digest else { return nil }
            return Verification.Copy(
                remoteID: id,
                digest: digest,
                size: held.bytes ?? 0,
                path: held.place,
                reason: held.reason ?? ""
            )
        }
        return found
    }
}

extension ControlAnswer.Revoke {
    init(_ report: RevokeReport) {
        func held(_ copies: [RevokeReport.Copy]) -> [ControlAnswer.Held] {
            copies.map { copy in
                ControlAnswer.Held(
                    remoteId: copy.remoteID.rawValue,
                    account: copy.account,
                    path: copy.path?.description,
                    reason: copy.error
                )
            }
        }
        revoked = held(report.revoked)
        failed = held(report.failed)
        comingBack = report.comingBack.map(\.description).sorted()
        accountError = report.accountError.map { ControlAnswer.Failure($0) }
        notices = report.notices
    }

    var report: RevokeReport {
        func copies(_ held: [ControlAnswer.Held]) -> [RevokeReport.Copy] {
            held.compactMap { held in
                guard let id = held.id else { return nil }
                return RevokeReport.Copy(
                    account: held.account ?? "",
                    remoteID: id,
                    path: held.place,
                    error: held.reason
                )
            }
        }
        var report = RevokeReport()
        report.revoked = copies(revoked)
        report.failed = copies(failed)
        report.comingBack = Set(comingBack.compactMap { WorkspacePath(escaped: $0) })
        report.accountError = accountError?.providerError
        report.notices = notices ?? []
        return report
    }
}
